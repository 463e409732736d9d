#include "tests/fault/fleet/wire.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <iterator>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "nmn/v1/checkpoint.pb.h"
#include "nmn/v1/learner.pb.h"
#include "nmn/v1/run_config.pb.h"
#include "nmn/v1/task.pb.h"

namespace nmn::fault {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;

std::string Type(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) return field.message_type()->full_name();
  if (field.enum_type() != nullptr) return field.enum_type()->full_name();
  return field.type_name();
}

void AddEnum(const EnumDescriptor& type, Wire& wire) {
  for (int i = 0; i < type.value_count(); ++i)
    wire.insert(absl::StrCat("value ", type.full_name(), " ", type.value(i)->number(), " ", type.value(i)->name()));
}

void AddMessage(const Descriptor& type, Wire& wire) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    std::string line = absl::StrCat("field ", type.full_name(), " ", field.number(), " ",
                                    field.is_repeated() ? "repeated " : "", Type(field), " ", field.name());
    if (field.containing_oneof() != nullptr) absl::StrAppend(&line, " of ", field.containing_oneof()->name());
    wire.insert(line);
  }
  for (int i = 0; i < type.nested_type_count(); ++i) AddMessage(*type.nested_type(i), wire);
  for (int i = 0; i < type.enum_type_count(); ++i) AddEnum(*type.enum_type(i), wire);
}

void AddFile(const FileDescriptor& file, Wire& wire) {
  for (int i = 0; i < file.message_type_count(); ++i) AddMessage(*file.message_type(i), wire);
  for (int i = 0; i < file.enum_type_count(); ++i) AddEnum(*file.enum_type(i), wire);
  for (int i = 0; i < file.service_count(); ++i) {
    for (int m = 0; m < file.service(i)->method_count(); ++m) {
      const MethodDescriptor& method = *file.service(i)->method(m);
      wire.insert(absl::StrCat("rpc ", method.full_name(), " ", method.client_streaming() ? "stream " : "",
                               method.input_type()->full_name(), " -> ", method.server_streaming() ? "stream " : "",
                               method.output_type()->full_name()));
    }
  }
}

std::vector<std::string> Difference(const Wire& of, const Wire& without) {
  std::vector<std::string> lines;
  std::set_difference(of.begin(), of.end(), without.begin(), without.end(), std::back_inserter(lines));
  return lines;
}

}  // namespace

Wire PresentWire() {
  Wire wire;
  for (const Descriptor* type : {v1::Hello::descriptor(), v1::RunConfig::descriptor(), v1::TaskSpec::descriptor(),
                                 v1::CheckpointState::descriptor()})
    AddFile(*type->file(), wire);
  return wire;
}

std::string ToText(uint32_t protocol, const Wire& wire) {
  std::string text = absl::StrCat("protocol ", protocol, "\n");
  for (const std::string& line : wire) absl::StrAppend(&text, line, "\n");
  return text;
}

Baseline FromText(const std::string& text) {
  Baseline baseline;
  std::istringstream lines(text);
  std::string word;
  lines >> word >> baseline.protocol >> std::ws;
  for (std::string line; std::getline(lines, line);) baseline.wire.insert(line);
  return baseline;
}

std::vector<std::string> Broken(const Wire& baseline, const Wire& present) { return Difference(baseline, present); }
std::vector<std::string> Added(const Wire& baseline, const Wire& present) { return Difference(present, baseline); }

}  // namespace nmn::fault
