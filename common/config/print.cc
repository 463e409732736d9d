#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config/config.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"

namespace nmn::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;

// TextFormat leaves out what is 0; here every number of a present message is written, so that a config shows all it
// decides.
void PrintMessage(const Message& message, const std::string& indent, std::string& out) {
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field->is_repeated()) {
      std::vector<std::string> values(static_cast<size_t>(reflection.FieldSize(message, field)));
      for (size_t j = 0; j < values.size(); ++j) {
        TextFormat::PrintFieldValueToString(message, field, static_cast<int>(j), &values[j]);
      }
      if (!values.empty()) absl::StrAppend(&out, indent, field->name(), ": [", absl::StrJoin(values, ", "), "]\n");
    } else if (field->message_type() != nullptr) {
      if (!reflection.HasField(message, field)) continue;
      absl::StrAppend(&out, indent, field->name(), " {\n");
      PrintMessage(reflection.GetMessage(message, field), indent + "  ", out);
      absl::StrAppend(&out, indent, "}\n");
    } else if (reflection.HasField(message, field) ||
               !(field->has_presence() || field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM)) {
      std::string value;
      TextFormat::PrintFieldValueToString(message, field, -1, &value);
      absl::StrAppend(&out, indent, field->name(), ": ", value, "\n");
    }
  }
}

}  // namespace

std::string Print(const v1::RunConfig& config) {
  std::string out;
  PrintMessage(config, "", out);
  return out;
}

std::string PrintTask(const v1::TaskSpec& task) {
  std::string out;
  PrintMessage(task, "", out);
  return out;
}

}  // namespace nmn::config
