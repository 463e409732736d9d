#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/config/checks.h"
#include "common/config/fields.h"
#include "google/protobuf/message.h"
#include "nmn/v1/task.pb.h"

namespace nmn::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The i-th value of a repeated field, or the value of a singular one.
double FloatingValue(const Message& message, const FieldDescriptor* field, int i) {
  const Reflection& reflection = *message.GetReflection();
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
    return field->is_repeated() ? reflection.GetRepeatedDouble(message, field, i)
                                : reflection.GetDouble(message, field);
  }
  return field->is_repeated() ? reflection.GetRepeatedFloat(message, field, i) : reflection.GetFloat(message, field);
}

int EnumValue(const Message& message, const FieldDescriptor* field, int i) {
  const Reflection& reflection = *message.GetReflection();
  return field->is_repeated() ? reflection.GetRepeatedEnumValue(message, field, i)
                              : reflection.GetEnumValue(message, field);
}

const Message& Inner(const Message& message, const FieldDescriptor* field, int i) {
  const Reflection& reflection = *message.GetReflection();
  return field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                              : reflection.GetMessage(message, field);
}

// A number of an action may have no bound on a side.
bool MayBeInfinite(const FieldDescriptor* field) {
  return field->containing_type() == v1::BoxSpace::descriptor() &&
         (field->number() == v1::BoxSpace::kLowFieldNumber || field->number() == v1::BoxSpace::kHighFieldNumber);
}

void CheckValue(const Message& message, const FieldDescriptor* field, int i, const std::string& place, Checks& checks) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT: {
      const double value = FloatingValue(message, field, i);
      checks.Number(place, value, std::isfinite(value) || (std::isinf(value) && MayBeInfinite(field)), "finite");
      return;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int value = EnumValue(message, field, i);
      checks.Number(place, value, field->enum_type()->FindValueByNumber(value) != nullptr,
                    absl::StrCat("one of ", EnumNames(*field->enum_type())));
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      CheckKinds(Inner(message, field, i), place + ".", checks);
      return;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
    case FieldDescriptor::CPPTYPE_BOOL:
    case FieldDescriptor::CPPTYPE_STRING:
      return;  // every value of these is one
  }
}

}  // namespace

void CheckKinds(const Message& message, const std::string& prefix, Checks& checks) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string path = prefix + field->name();
    if (!field->is_repeated()) {
      CheckValue(message, field, 0, path, checks);
      continue;
    }
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i)
      CheckValue(message, field, i, absl::StrCat(path, "[", i, "]"), checks);
  }
}

}  // namespace nmn::config
