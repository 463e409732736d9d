// Fields of every kind that a message can have, whether RunConfig has one today or not.

#include <gtest/gtest.h>

#include <cctype>
#include <memory>
#include <string>

#include "common/config/checks.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"

namespace nmn::config {
namespace {

using google::protobuf::FieldDescriptorProto;
using google::protobuf::Message;

class Kinds : public ::testing::Test {
 protected:
  // A message with a singular and a repeated field of each type: "double_one", "double_many", ..
  Kinds() {
    google::protobuf::FileDescriptorProto file;
    file.set_name("kinds.proto");
    file.set_package("kinds");
    file.set_syntax("proto3");
    auto* colour = file.add_enum_type();
    colour->set_name("Colour");
    for (const char* name : {"UNSPECIFIED", "RED"}) {
      auto* value = colour->add_value();
      value->set_name(name);
      value->set_number(colour->value_size() - 1);
    }
    auto* type = file.add_message_type();
    type->set_name("All");
    int number = 0;
    for (int i = FieldDescriptorProto::Type_MIN; i <= FieldDescriptorProto::Type_MAX; ++i) {
      const auto kind = static_cast<FieldDescriptorProto::Type>(i);
      if (kind == FieldDescriptorProto::TYPE_GROUP) continue;  // proto3 has none
      for (const bool many : {false, true}) {
        auto* field = type->add_field();
        std::string name = FieldDescriptorProto::Type_Name(kind).substr(5);
        for (char& c : name) c = static_cast<char>(std::tolower(c));
        field->set_name(name + (many ? "_many" : "_one"));
        field->set_number(++number);
        field->set_label(many ? FieldDescriptorProto::LABEL_REPEATED : FieldDescriptorProto::LABEL_OPTIONAL);
        field->set_type(kind);
        if (kind == FieldDescriptorProto::TYPE_MESSAGE) field->set_type_name(".kinds.All");
        if (kind == FieldDescriptorProto::TYPE_ENUM) field->set_type_name(".kinds.Colour");
      }
    }
    message_.reset(factory_.GetPrototype(pool_.BuildFile(file)->FindMessageTypeByName("All"))->New());
  }

  std::string Check(const std::string& text) {
    message_->Clear();
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, message_.get())) << text;
    Checks checks;
    CheckKinds(*message_, "", checks);
    return std::string(checks.status().message());
  }

  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
  std::unique_ptr<Message> message_;
};

TEST_F(Kinds, WhatIsInOrderPasses) {
  EXPECT_EQ(Check("double_one: 1 double_many: 1 float_one: 1 float_many: 1 int32_one: -1 int32_many: -1 int64_one: -1 "
                  "int64_many: -1 uint32_one: 1 uint32_many: 1 uint64_one: 1 uint64_many: 1 sint32_one: 1 "
                  "sint32_many: 1 sint64_one: 1 sint64_many: 1 fixed32_one: 1 fixed32_many: 1 fixed64_one: 1 "
                  "fixed64_many: 1 sfixed32_one: 1 sfixed32_many: 1 sfixed64_one: 1 sfixed64_many: 1 bool_one: true "
                  "bool_many: true string_one: 'a' string_many: 'a' bytes_one: 'a' bytes_many: 'a' enum_one: RED "
                  "enum_many: RED message_one { float_one: 1 } message_many { double_many: 1 }"),
            "");
}

TEST_F(Kinds, WhatIsNotFiniteIsNamedByItsPlace) {
  EXPECT_EQ(Check("double_one: nan"), "double_one is nan; it must be finite");
  EXPECT_EQ(Check("float_one: inf"), "float_one is inf; it must be finite");
  EXPECT_EQ(Check("double_many: [1, nan]"), "double_many[1] is nan; it must be finite");
  EXPECT_EQ(Check("float_many: [1, 2, -inf]"), "float_many[2] is -inf; it must be finite");
  EXPECT_EQ(Check("message_one { message_many { } message_many { float_one: nan } }"),
            "message_one.message_many[1].float_one is nan; it must be finite");
}

TEST_F(Kinds, AnEnumerationsNumberWithoutANameIsNamed) {
  EXPECT_EQ(Check("enum_one: 7"), "enum_one is 7; it must be one of RED");
  EXPECT_EQ(Check("enum_many: [RED, 7]"), "enum_many[1] is 7; it must be one of RED");
}

}  // namespace
}  // namespace nmn::config
