#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace nmn::config {

// "; did you mean kl_target?", or "; did you mean a or b?", or the names there are where none is near.
std::string Suggestion(const google::protobuf::Descriptor& message, std::string_view name);

// Dotted path of the submessage of RunConfig that has this type, "ppo.policy"; empty for RunConfig itself. Each type
// stands once.
std::string PathOf(const google::protobuf::Descriptor& message);

// Value of an enumeration by name, with or without its prefix ("paper" for DOMAIN_PAPER), in any case; nullptr
// where there is none.
// The value 0, which every enumeration keeps for "unspecified", has no name here.
const google::protobuf::EnumValueDescriptor* FindEnumValue(const google::protobuf::EnumDescriptor& type,
                                                           std::string_view name);

// "DOMAIN_REFERENCE, DOMAIN_PAPER"
std::string EnumNames(const google::protobuf::EnumDescriptor& type);

// {"reference", "paper"}: the names without their prefix, where they have it, as people write them.
std::vector<std::string> ShortNames(const google::protobuf::EnumDescriptor& type);

}  // namespace nmn::config
