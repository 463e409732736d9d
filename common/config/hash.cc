#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "common/digest/sha256.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/text_format.h"

namespace nmn::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;

// What is left of a config when all that reaches no weight is cleared.
v1::RunConfig Counted(const v1::RunConfig& config) {
  v1::RunConfig counted = config;
  counted.clear_budget();
  counted.clear_work();
  counted.clear_checkpoint();
  counted.clear_preset();
  return counted;
}

// A message that is present and empty means the same as an absent one, and must hash the same.
void DropEmptyMessages(Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->message_type() == nullptr) continue;
    Message* inner = reflection.MutableMessage(&message, field);
    DropEmptyMessages(*inner);
    if (inner->ByteSizeLong() == 0) reflection.ClearField(&message, field);
  }
}

std::string ValueText(const Message& message, const FieldDescriptor* field) {
  std::string text;
  if (!field->is_repeated()) {
    TextFormat::PrintFieldValueToString(message, field, -1, &text);
    return text;
  }
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    std::string element;
    TextFormat::PrintFieldValueToString(message, field, i, &element);
    absl::StrAppend(&text, element, ",");
  }
  return text;
}

void Compare(const Message& a, const Message& b, const std::string& prefix, std::vector<std::string>& paths) {
  for (int i = 0; i < a.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = a.GetDescriptor()->field(i);
    const std::string path = prefix + field->name();
    if (field->message_type() != nullptr) {
      Compare(a.GetReflection()->GetMessage(a, field), b.GetReflection()->GetMessage(b, field), path + ".", paths);
    } else if (ValueText(a, field) != ValueText(b, field)) {
      paths.push_back(path);
    }
  }
}

}  // namespace

std::string Hash(const v1::RunConfig& config) {
  v1::RunConfig counted = Counted(config);
  DropEmptyMessages(counted);
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    counted.SerializeToCodedStream(&coded);
  }
  return Sha256Of(bytes);
}

std::vector<std::string> Differences(const v1::RunConfig& a, const v1::RunConfig& b) {
  std::vector<std::string> paths;
  Compare(Counted(a), Counted(b), "", paths);
  return paths;
}

}  // namespace nmn::config
