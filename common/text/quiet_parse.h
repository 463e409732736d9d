#pragma once

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <string>

namespace nmn::text {

// Reads a textproto that a program wrote; false where it is none. Says nothing on stderr, as protobuf's own words
// would: the caller says in a line what is wrong.
template <typename Message>
bool QuietParse(const std::string& text, Message& message) {
  struct Silent final : google::protobuf::io::ErrorCollector {
    void AddError(int, int, const std::string&) override {}
  } silent;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&silent);
  return parser.ParseFromString(text, &message);
}

}  // namespace nmn::text
