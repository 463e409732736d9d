#include <algorithm>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/config/config.h"
#include "common/config/counts.h"
#include "common/digest/sha256.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"

namespace nmn::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;
using google::protobuf::util::MessageDifferencer;

constexpr size_t kLongestValue = 60;  // in a sentence

// Fields of RunConfig that reach no weight.
constexpr std::string_view kUncounted[] = {"budget", "work", "checkpoint", "eval", "preset"};

v1::RunConfig Counted(const v1::RunConfig& config) {
  v1::RunConfig counted = config;
  for (const std::string_view name : kUncounted)
    counted.GetReflection()->ClearField(&counted, counted.GetDescriptor()->FindFieldByName(std::string(name)));
  if (counted.has_task()) {
    counted.mutable_task()->clear_random_return();
    counted.mutable_task()->clear_best_return();
  }
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

// Collects the path of every field that differs, once: "ppo.policy.epochs", and "env.tasks" for any of its elements.
class PathCollector : public MessageDifferencer::Reporter {
 public:
  using Path = std::vector<MessageDifferencer::SpecificField>;
  void ReportAdded(const Message&, const Message&, const Path& path) override { Add(path); }
  void ReportDeleted(const Message&, const Message&, const Path& path) override { Add(path); }
  // A group that differs is told by what differs in it.
  void ReportModified(const Message&, const Message&, const Path& path) override {
    if (path.back().field->message_type() == nullptr) Add(path);
  }

  std::vector<std::string> paths;

 private:
  void Add(const Path& path) {
    std::string text;
    for (const MessageDifferencer::SpecificField& part : path)
      absl::StrAppend(&text, text.empty() ? "" : ".", part.field->name());
    if (paths.empty() || paths.back() != text) paths.push_back(text);
  }
};

// "DOMAIN_PAPER" of Domain is "paper".
std::string EnumText(const FieldDescriptor& field, std::string_view value) {
  std::string text = absl::AsciiStrToLower(std::string(value));
  const std::string prefix = absl::AsciiStrToLower(field.enum_type()->name()) + "_";
  return absl::StartsWith(text, prefix) ? text.substr(prefix.size()) : text;
}

}  // namespace

bool CountsInHash(std::string_view path) {
  const std::string_view first = path.substr(0, path.find('.'));
  return std::find(std::begin(kUncounted), std::end(kUncounted), first) == std::end(kUncounted);
}

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
  PathCollector collector;
  MessageDifferencer differencer;
  differencer.set_message_field_comparison(MessageDifferencer::EQUIVALENT);  // an absent field has its default
  differencer.ReportDifferencesTo(&collector);
  differencer.Compare(Counted(a), Counted(b));
  // What the task follows from says it all.
  const auto begins = [&](const char* group) {
    return std::any_of(collector.paths.begin(), collector.paths.end(),
                       [&](const std::string& path) { return path.starts_with(group); });
  };
  if (begins("env.") || begins("benchmark"))
    std::erase_if(collector.paths, [](const std::string& path) { return path.starts_with("task."); });
  return collector.paths;
}

std::string ValueAt(const v1::RunConfig& config, const std::string& path) {
  const Message* message = &config;
  const std::vector<std::string> names = absl::StrSplit(path, '.');
  for (size_t i = 0; i + 1 < names.size(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(names[i]);
    message = &message->GetReflection()->GetMessage(*message, field);
  }
  const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(names.back());
  const auto element = [&](int index) {
    std::string text;
    TextFormat::PrintFieldValueToString(*message, field, index, &text);
    return field->enum_type() != nullptr ? EnumText(*field, text) : text;
  };
  if (!field->is_repeated()) return element(-1);
  std::vector<std::string> elements;
  for (int i = 0; i < message->GetReflection()->FieldSize(*message, field); ++i) elements.push_back(element(i));
  return absl::StrJoin(elements, " ");
}

std::string DescribeDifferences(const v1::RunConfig& a, const v1::RunConfig& b) {
  const auto shown = [](const v1::RunConfig& config, const std::string& path) {
    const std::string value = ValueAt(config, path);
    if (value.empty()) return std::string("nothing");
    return value.size() > kLongestValue ? absl::StrCat(value.substr(0, kLongestValue), "..") : value;
  };
  std::vector<std::string> described;
  for (const std::string& path : Differences(a, b))
    described.push_back(absl::StrCat(path, " (", shown(a, path), ", not ", shown(b, path), ")"));
  return absl::StrJoin(described, ", ");
}

}  // namespace nmn::config
