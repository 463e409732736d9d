#include "common/config/assignments.h"

#include "absl/strings/str_cat.h"
#include "common/config/fields.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

void Collect(const Descriptor& message, const std::string& prefix, std::vector<std::string>& all) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    const std::string path = absl::StrCat(prefix, field.name());
    if (path == "benchmark" || path == "preset" || path == "task") continue;
    if (field.message_type() != nullptr) {
      Collect(*field.message_type(), absl::StrCat(path, "."), all);
    } else if (field.enum_type() != nullptr && !field.is_repeated()) {
      for (const std::string& name : ShortNames(*field.enum_type())) all.push_back(absl::StrCat(path, "=", name));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
      all.insert(all.end(), {absl::StrCat(path, "=true"), absl::StrCat(path, "=false")});
    } else {
      all.push_back(absl::StrCat(path, "="));
    }
  }
}

}  // namespace

std::vector<std::string> Assignments() {
  std::vector<std::string> all;
  Collect(*v1::RunConfig::descriptor(), "", all);
  return all;
}

std::vector<std::string> TaskAssignments() {
  std::vector<std::string> all;
  Collect(*v1::EnvironmentOptions::descriptor(), "task.", all);
  return all;
}

}  // namespace nmn::config
