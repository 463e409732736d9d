#include "common/config/fields.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/text/suggestion.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

bool FindPath(const Descriptor& from, const Descriptor& wanted, const std::string& prefix, std::string& path) {
  for (int i = 0; i < from.field_count(); ++i) {
    const FieldDescriptor* field = from.field(i);
    if (field->message_type() == nullptr) continue;
    const std::string here = absl::StrCat(prefix, prefix.empty() ? "" : ".", field->name());
    if (field->message_type() == &wanted) {
      path = here;
      return true;
    }
    if (FindPath(*field->message_type(), wanted, here, path)) return true;
  }
  return false;
}

constexpr absl::string_view kUnspecified = "UNSPECIFIED";

// A value that stands for none. An enumeration may do without: then 0 is one like the others.
bool IsNone(const EnumValueDescriptor& value) { return absl::EndsWith(value.name(), kUnspecified); }

// "DOMAIN_" of Domain, whose value 0 is DOMAIN_UNSPECIFIED.
std::string EnumPrefix(const EnumDescriptor& type) {
  const std::string& zero = type.value(0)->name();
  return IsNone(*type.value(0)) ? zero.substr(0, zero.size() - kUnspecified.size()) : "";
}

}  // namespace

std::string Suggestion(const Descriptor& message, std::string_view name) {
  std::vector<std::string> all;
  for (int i = 0; i < message.field_count(); ++i) all.push_back(message.field(i)->name());
  return text::Suggestion(name, all, "the fields");
}

std::string PathOf(const Descriptor& message) {
  std::string path;
  FindPath(*v1::RunConfig::descriptor(), message, "", path);
  return path;
}

const EnumValueDescriptor* FindEnumValue(const EnumDescriptor& type, std::string_view name) {
  const std::string upper = absl::AsciiStrToUpper(std::string(name));
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor* value = type.value(i);
    if (IsNone(*value)) continue;
    if (value->name() == upper || value->name() == EnumPrefix(type) + upper) return value;
  }
  return nullptr;
}

std::string EnumNames(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (!IsNone(*type.value(i))) names.push_back(type.value(i)->name());
  }
  return absl::StrJoin(names, ", ");
}

std::vector<std::string> ShortNames(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (IsNone(*type.value(i))) continue;
    names.push_back(absl::AsciiStrToLower(absl::StripPrefix(type.value(i)->name(), EnumPrefix(type))));
  }
  return names;
}

}  // namespace nmn::config
