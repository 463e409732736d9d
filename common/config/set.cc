#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/config/config.h"
#include "common/config/fields.h"
#include "common/config/task.h"
#include "common/text/number.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace nmn::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status Takes(const std::string& path, const std::string& what, const std::string& value) {
  return absl::InvalidArgumentError(absl::StrCat(path, " takes ", what, ", not \"", value, "\""));
}

// Sets one value of a field. If the field is repeated, appends it.
absl::Status SetScalar(const std::string& path, const FieldDescriptor* field, const std::string& value,
                       Message& message) {
  const Reflection& reflection = *message.GetReflection();
  const bool add = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT32: {
      const std::optional<uint64_t> whole = text::ReadWhole(value, UINT32_MAX);
      if (!whole) return Takes(path, "a whole number from 0 to 4294967295", value);
      const uint32_t number = static_cast<uint32_t>(*whole);
      add ? reflection.AddUInt32(&message, field, number) : reflection.SetUInt32(&message, field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      const std::optional<uint64_t> number = text::ReadWhole(value);
      if (!number) return Takes(path, "a whole number from 0 to 18446744073709551615", value);
      add ? reflection.AddUInt64(&message, field, *number) : reflection.SetUInt64(&message, field, *number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_FLOAT: {
      float number = 0;
      if (!text::IsDecimal(value) || !absl::SimpleAtof(value, &number) || !std::isfinite(number) ||
          text::Vanished(number, value))
        return Takes(path, "a number, 0 or from 1e-38 to 3e38 in size", value);
      add ? reflection.AddFloat(&message, field, number) : reflection.SetFloat(&message, field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const std::optional<double> number = text::ReadDecimal(value);
      if (!number) return Takes(path, "a number", value);
      add ? reflection.AddDouble(&message, field, *number) : reflection.SetDouble(&message, field, *number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      bool flag = value == "on";  // as switches of the command line take it
      if (!flag && value != "off" && !absl::SimpleAtob(value, &flag)) return Takes(path, "true or false", value);
      add ? reflection.AddBool(&message, field, flag) : reflection.SetBool(&message, field, flag);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* known = FindEnumValue(*field->enum_type(), value);
      if (known == nullptr) return Takes(path, absl::StrCat("one of ", EnumNames(*field->enum_type())), value);
      add ? reflection.AddEnum(&message, field, known) : reflection.SetEnum(&message, field, known);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_STRING:
      add ? reflection.AddString(&message, field, value) : reflection.SetString(&message, field, value);
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_MESSAGE:
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      break;
  }
  std::vector<std::string> inner;
  if (field->message_type() != nullptr) {
    for (int i = 0; i < field->message_type()->field_count(); ++i)
      inner.push_back(field->message_type()->field(i)->name());
  }
  return absl::InvalidArgumentError(
      absl::StrCat(path, " is a group of fields; set one of ", path, ".{", absl::StrJoin(inner, ", "), "}"));
}

// A task is what its benchmark and its options make of it.
constexpr char kTask[] = "task";
constexpr char kTaskOptions[] = "env";
constexpr char kBenchmark[] = "benchmark";

// "ppo.kl_target" stands for the field of that name in the group that the objective reads, where ppo itself has none.
constexpr char kClippedRatio[] = "clipped_ratio";
constexpr char kKlPenalty[] = "kl_penalty";

const char* GroupOfObjective(const v1::RunConfig& config) {
  return config.ppo().objective() == v1::CLIPPED_RATIO ? kClippedRatio : kKlPenalty;
}

// Paths of the fields of this name, in any group.
void FindFields(const Descriptor& type, const std::string& name, const std::string& prefix,
                std::vector<std::string>& found) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    const std::string path = prefix + field->name();
    if (field->message_type() == nullptr) {
      if (field->name() == name) found.push_back(path);
    } else if (field->name() != kTask && !field->is_repeated()) {
      FindFields(*field->message_type(), name, path + ".", found);
    }
  }
}

// "; did you mean ppo.policy.learning_rate?": a field of this name elsewhere, else one of this group with a near name.
std::string SuggestionFor(const Descriptor& type, const std::string& name) {
  std::vector<std::string> elsewhere;
  FindFields(*v1::RunConfig::descriptor(), name, "", elsewhere);
  // What other programs call a field of ours.
  static const std::map<std::string, std::vector<std::string>> kElsewhere = {
      {"lr", {"ppo.policy.learning_rate", "ppo.critic.learning_rate"}},
      {"gamma", {"ppo.discount"}},
      {"lam", {"ppo.trace_decay"}},
      {"gae_lambda", {"ppo.trace_decay"}},
      {"ent_coef", {"ppo.policy.entropy_bonus"}},
      {"clip_range", {"ppo.clipped_ratio.clip"}},
      {"clip_coef", {"ppo.clipped_ratio.clip"}},
      {"max_grad_norm", {"ppo.policy.gradient_clip_norm"}},
      {"target_kl", {"ppo.kl_target"}},
      {"batch_size", {"ppo.episodes_per_update", "ppo.policy.minibatch_segments"}},
      {"n_epochs", {"ppo.policy.epochs"}},
      {"n_steps", {"ppo.rollout_steps"}},
      {"hidden_size", {"network.hidden_sizes", "network.recurrent_sizes"}}};
  if (const auto known = kElsewhere.find(name); elsewhere.empty() && known != kElsewhere.end())
    elsewhere = known->second;
  if (elsewhere.empty()) return Suggestion(type, name);
  return absl::StrCat("; did you mean ", absl::StrJoin(elsewhere, " or "), "?");
}

// What Set knows a part of a path by, and what it stands for.
std::vector<std::string> PartsOf(std::string_view path) {
  std::vector<std::string> parts =
      absl::StrSplit(absl::StripAsciiWhitespace(absl::string_view(path.data(), path.size())), '.');
  if (parts[0] == kTask) parts[0] = kTaskOptions;
  return parts;
}

}  // namespace

std::string FieldKey(std::string_view text) {
  std::vector<std::string> parts = PartsOf(text.substr(0, text.find('=')));
  const Descriptor& ppo = *v1::PpoOptions::descriptor();
  const bool in_group = parts.size() == 3 && parts[0] == "ppo" && (parts[1] == kClippedRatio || parts[1] == kKlPenalty);
  if (in_group && ppo.FindFieldByName(parts[2]) == nullptr) parts.erase(parts.begin() + 1);
  return absl::StrJoin(parts, ".");
}

absl::Status Set(std::string_view assignment, v1::RunConfig& config) {
  const std::string text(assignment);
  const size_t equals = text.find('=');
  if (equals == std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is not an assignment; write field=value, e.g. ppo.discount=0.99"));
  }
  const std::string value(absl::StripAsciiWhitespace(text.substr(equals + 1)));
  std::vector<std::string> parts = PartsOf(text.substr(0, equals));

  v1::RunConfig changed = config;
  Message* message = &changed;
  std::string walked;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Descriptor* type = message->GetDescriptor();
    const FieldDescriptor* field = type->FindFieldByName(parts[i]);
    if (field == nullptr && type == v1::PpoOptions::descriptor()) {
      const FieldDescriptor* group = type->FindFieldByName(GroupOfObjective(config));
      if (group->message_type()->FindFieldByName(parts[i]) != nullptr) {
        parts.insert(parts.begin() + static_cast<ptrdiff_t>(i), group->name());
        field = group;
      }
    }
    if (field == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("unknown field \"", parts[i], "\"", walked.empty() ? "" : " in ",
                                                     walked, SuggestionFor(*type, parts[i])));
    }
    absl::StrAppend(&walked, walked.empty() ? "" : ".", parts[i]);
    if (i + 1 < parts.size()) {
      if (field->message_type() == nullptr) {
        return absl::InvalidArgumentError(absl::StrCat(walked, " is not a group of fields; write ", walked, "=value"));
      }
      message = message->GetReflection()->MutableMessage(message, field);
      continue;
    }
    if (value.empty() && field->has_presence() && field->message_type() == nullptr) {
      message->GetReflection()->ClearField(message, field);
      continue;
    }
    if ((walked == "env.horizon" || walked == "env.arms") && text::ReadWhole(value) == 0) {
      return absl::InvalidArgumentError(absl::StrCat(text,
                                                     ": 0 would stand for the task's own number; give another, or "
                                                     "leave it out"));
    }
    if (!field->is_repeated()) {
      if (absl::Status status = SetScalar(walked, field, value, *message); !status.ok()) return status;
      continue;
    }
    message->GetReflection()->ClearField(message, field);
    if (value.empty()) continue;
    for (const absl::string_view element : absl::StrSplit(value, ',')) {
      const std::string stripped(absl::StripAsciiWhitespace(element));
      if (absl::Status status = SetScalar(walked, field, stripped, *message); !status.ok()) return status;
    }
  }
  if (parts[0] == kTaskOptions || parts[0] == kBenchmark) ResolveTask(changed);
  config = changed;
  return absl::OkStatus();
}

}  // namespace nmn::config
