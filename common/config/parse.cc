#include <re2/re2.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/config/config.h"
#include "common/config/fields.h"
#include "common/config/task.h"
#include "common/text/byte_order_mark.h"
#include "common/text/prefixed.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/text_format.h"

namespace nmn::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;

// A config is some kilobytes; what is larger is another file, named by mistake.
constexpr size_t kMaxFileBytes = 1 << 20;

const char kWhatAConfigIs[] = "; a config is a textproto, as nmn train --print_config prints them";

// The enumeration field called `name`, wherever it stands (each name stands once), and its path; nullptr where there is
// none.
const FieldDescriptor* FindEnumField(const Descriptor& type, const std::string& name, const std::string& prefix,
                                     std::string& path) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    const FieldDescriptor* found = nullptr;
    if (field->message_type() != nullptr) {
      found = FindEnumField(*field->message_type(), name, prefix + field->name() + ".", path);
    } else if (field->enum_type() != nullptr && field->name() == name) {
      path = prefix + name;
      found = field;
    }
    if (found != nullptr) return found;
  }
  return nullptr;
}

// TextFormat's words for a name that the message does not have, made ours; its other messages are passed on.
std::string Explain(const std::string& message) {
  static const RE2 no_field("Message type \"([^\"]+)\" has no field named \"([^\"]+)\"\\.?");
  static const RE2 no_value("Unknown enumeration value of \"([^\"]+)\" for field \"([^\"]+)\"\\.?");
  std::string first, second;
  if (RE2::FullMatch(message, no_field, &first, &second)) {
    const Descriptor* type = v1::RunConfig::descriptor()->file()->pool()->FindMessageTypeByName(first);
    if (type != nullptr) {
      const std::string path = PathOf(*type);
      return absl::StrCat("unknown field \"", second, "\"", path.empty() ? "" : " in ", path,
                          Suggestion(*type, second));
    }
  }
  if (RE2::FullMatch(message, no_value, &first, &second)) {
    std::string path;
    const FieldDescriptor* field = FindEnumField(*v1::RunConfig::descriptor(), second, "", path);
    if (field != nullptr) {
      return absl::StrCat(path, " takes one of ", EnumNames(*field->enum_type()), ", not \"", first, "\"");
    }
  }
  return absl::StrCat(absl::StrReplaceAll(message, {{"\n", " "}, {"nmn.v1.", ""}}), kWhatAConfigIs);
}

class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (line_ >= 0 || !message_.empty()) return;
    line_ = line;
    message_ = Explain(message);
  }
  absl::Status ToStatus(std::string_view name) const {
    return absl::InvalidArgumentError(absl::StrCat(std::string(name), ":", line_ + 1, ": ", message_));
  }

 private:
  int line_ = -1;  // from 0
  std::string message_;
};

class NoErrors : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, int, const std::string&) override {}
};

// An archive, a program or weights, named by mistake.
absl::Status RefuseBinary(const std::string& text, std::string_view name) {
  const auto is_binary = [](char c) { return absl::ascii_iscntrl(c) && !absl::ascii_isspace(c); };
  const auto found = std::find_if(text.begin(), text.end(), is_binary);
  if (found == text.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(std::string(name), " is no text: its byte ", found - text.begin(),
                                                 " is a control character", kWhatAConfigIs));
}

// The format reads 010 as eight, and everything else here as ten: neither is guessed.
absl::Status RefuseOctal(const std::string& text, std::string_view name) {
  using google::protobuf::io::Tokenizer;
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  NoErrors errors;  // the parser says them
  Tokenizer tokens(&stream, &errors);
  tokens.set_comment_style(Tokenizer::SH_COMMENT_STYLE);
  while (tokens.Next()) {
    const Tokenizer::Token& token = tokens.current();
    if (token.type != Tokenizer::TYPE_INTEGER || token.text.size() < 2 || token.text[0] != '0') continue;
    if (token.text.find_first_not_of("0123456789") != std::string::npos) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(name), ":", token.line + 1, ": ", token.text,
                     " begins with 0, which makes it octal in this format; leave the 0 out"));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::RunConfig> ParseWithPlaces(std::string_view bytes, std::string_view name,
                                              TextFormat::ParseInfoTree* places) {
  const absl::StatusOr<std::string> text = text::WithoutByteOrderMark(bytes, name);
  if (!text.ok()) return text.status();
  if (absl::Status status = RefuseBinary(*text, name); !status.ok()) return status;
  if (absl::Status status = RefuseOctal(*text, name); !status.ok()) return status;
  if (absl::StripAsciiWhitespace(*text).empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        std::string(name), " is empty; it must have every field of a config, as nmn train --print_config prints them"));
  }
  v1::RunConfig config;
  FirstError error;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.WriteLocationsTo(places);
  if (!parser.ParseFromString(*text, &config)) return error.ToStatus(name);
  CompleteTask(config);
  return config;
}

// Line, from 1, where the field that `message` begins with ("ppo.policy.epochs is ..") is written; 0 where it is not.
int LineOf(const std::string& message, TextFormat::ParseInfoTree& places) {
  const std::string path = message.substr(0, message.find(' '));
  const Descriptor* type = v1::RunConfig::descriptor();
  TextFormat::ParseInfoTree* tree = &places;
  std::istringstream parts(path);
  std::string part;
  int line = 0;
  while (type != nullptr && tree != nullptr && std::getline(parts, part, '.')) {
    // "tasks[2]" is placed where that element is; a repeated field as a whole, where its first one is.
    const size_t bracket = part.find('[');
    const FieldDescriptor* field = type->FindFieldByName(part.substr(0, bracket));
    if (field == nullptr) break;
    const int element = bracket == std::string::npos ? 0 : std::atoi(part.c_str() + bracket + 1);
    const int found = tree->GetLocation(field, field->is_repeated() ? element : -1).line;
    if (found < 0) break;
    line = found + 1;
    type = field->message_type();
    if (type != nullptr) tree = tree->GetTreeForNested(field, -1);
  }
  return line;
}

absl::StatusOr<v1::RunConfig> WithNewer(absl::StatusOr<v1::RunConfig> config) {
  if (!absl::StrContains(config.status().message(), "unknown field")) return config;
  return absl::InvalidArgumentError(
      absl::StrCat(config.status().message(), "; or, where a newer nmn wrote the file, use that one"));
}

}  // namespace

absl::StatusOr<v1::RunConfig> Parse(std::string_view text, std::string_view name) {
  TextFormat::ParseInfoTree places;
  return ParseWithPlaces(text, name, &places);
}

absl::StatusOr<v1::RunConfig> ParseStored(std::string_view text, std::string_view name) {
  TextFormat::ParseInfoTree places;
  return WithNewer(ParseWithPlaces(text, name, &places));
}

absl::StatusOr<v1::RunConfig> Load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read the config ", path, ": ", std::strerror(errno)));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) {
    const int why = errno;
    const std::string of_a_run = path + (path.ends_with('/') ? "" : "/") + "config.textproto";
    const bool is_run = why == EISDIR && std::filesystem::is_regular_file(of_a_run);
    return absl::NotFoundError(absl::StrCat("cannot read the config ", path, ": ", std::strerror(why),
                                            is_run ? absl::StrCat("; the config of that run is ", of_a_run) : ""));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is larger than 1 MiB; a config is a small textproto"));
  }
  TextFormat::ParseInfoTree places;
  absl::StatusOr<v1::RunConfig> config = WithNewer(ParseWithPlaces(text, path, &places));
  if (!config.ok()) return config;
  if (absl::Status valid = Validate(*config); !valid.ok()) {
    const int line = LineOf(std::string(valid.message()), places);
    const std::string place = line > 0 ? absl::StrCat(path, ":", line) : path;
    return text::Prefixed(place, valid);
  }
  return config;
}

}  // namespace nmn::config
