#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/config/config.h"
#include "common/config/preset_files.h"
#include "common/config/task.h"
#include "common/env/brought.h"
#include "common/text/quiet_parse.h"
#include "common/text/suggestion.h"
#include "google/protobuf/text_format.h"

namespace nmn::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;

constexpr char kUsual[] = "fast";
constexpr char kDefault[] = "default";
// What stands for the task in the presets of tasks that are brought, by what their actions are.
constexpr char kOfNumbers[] = "own/box";
constexpr char kOfChoices[] = "own/choices";

std::optional<std::string_view> FindFile(std::string_view path) {
  for (const PresetFile& file : PresetFiles()) {
    if (file.path == path) return file.text;
  }
  return std::nullopt;
}

// The files arch/NAME.
std::set<std::string> Architectures() {
  std::set<std::string> names;
  for (const PresetFile& file : PresetFiles()) {
    const std::vector<std::string> parts = absl::StrSplit(std::string(file.path), '/');
    if (parts.size() == 2 && parts[0] == "arch") names.insert(parts[1]);
  }
  return names;
}

// The files preset/PRESET/TASK: each task's presets, but for those of tasks that are brought.
std::set<std::pair<std::string, std::string>> PresetsAndTasks() {
  std::set<std::pair<std::string, std::string>> pairs;
  for (const PresetFile& file : PresetFiles()) {
    const std::vector<std::string> parts = absl::StrSplit(std::string(file.path), '/');
    if (parts.size() == 3 && parts[0] == "preset" && parts[2] != "own") pairs.emplace(parts[1], parts[2]);
  }
  return pairs;
}

// Of a list that a later file gives, nothing that an earlier one gave is left.
void ClearLists(const Message& given, Message& config) {
  std::vector<const FieldDescriptor*> fields;
  given.GetReflection()->ListFields(given, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->is_repeated()) {
      config.GetReflection()->ClearField(&config, field);
    } else if (field->message_type() != nullptr) {
      ClearLists(given.GetReflection()->GetMessage(given, field),
                 *config.GetReflection()->MutableMessage(&config, field));
    }
  }
}

// The preset's files, one over the other; an INTERNAL error where the program was built of a file that is none.
absl::StatusOr<v1::RunConfig> Layered(const std::string& preset, const std::string& task, const std::string& arch) {
  v1::RunConfig config;
  for (const std::string& path :
       {std::string("base"), absl::StrCat("arch/", arch), absl::StrCat("task/", task),
        absl::StrCat("task/", task, "/", arch), absl::StrCat("preset/", preset),
        absl::StrCat("preset/", preset, "/", task), absl::StrCat("preset/", preset, "/", task, "/", arch)}) {
    const std::optional<std::string_view> text = FindFile(path);
    if (!text) continue;
    v1::RunConfig given;
    if (!text::QuietParse(std::string(*text), given))
      return absl::InternalError(absl::StrCat("deploy/presets/", path, ".textproto is no config"));
    ClearLists(given, config);
    TextFormat::MergeFromString(std::string(*text), &config);
  }
  CompleteTask(config);
  return config;
}

// NOT_FOUND unless `value` is one of them.
absl::Status CheckPart(const std::string& flag, std::string_view value, const std::set<std::string>& known) {
  const std::string text(value);
  if (known.contains(text)) return absl::OkStatus();
  const std::vector<std::string> names(known.begin(), known.end());
  // One flag has two names, --task and --benchmark.
  const std::string name = flag == "task" ? absl::StrCat("task ", text) : absl::StrCat("--", flag, "=", text);
  return absl::NotFoundError(
      absl::StrCat(name, ": it must be one of ", absl::StrJoin(names, ", "), text::DidYouMean(value, names),
                   flag == "arch" ? " (an LSTM in place of the GRU: --set network.cell=LSTM)" : ""));
}

// Of a task that was brought: that of its kind of action.
absl::StatusOr<v1::RunConfig> PresetOfBrought(std::string_view preset, const env::BroughtTask& task,
                                              std::string_view architecture) {
  if (preset != kDefault) {
    return absl::NotFoundError(
        absl::StrCat("--preset=", std::string(preset), ": a task of your own has preset ", kDefault, " alone"));
  }
  if (absl::Status status = CheckPart("arch", architecture, Architectures()); !status.ok()) return status;
  absl::StatusOr<v1::RunConfig> config =
      Layered(kDefault, task.spec.action.has_box() ? kOfNumbers : kOfChoices, std::string(architecture));
  if (!config.ok()) return config;
  config->set_benchmark(task.spec.name);
  ResolveTask(*config);
  return config;
}

}  // namespace

absl::StatusOr<v1::RunConfig> Preset(std::string_view preset, std::string_view benchmark,
                                     std::string_view architecture) {
  if (const env::BroughtTask* task = env::FindBrought(benchmark); task != nullptr)
    return PresetOfBrought(preset, *task, architecture);
  std::set<std::string> tasks, presets_of_task;
  for (const auto& [name, task] : PresetsAndTasks()) {
    tasks.insert(task);
    if (task == benchmark) presets_of_task.insert(name);
  }
  if (absl::Status status = CheckPart("task", benchmark, tasks); !status.ok()) return status;
  if (absl::Status status = CheckPart("arch", architecture, Architectures()); !status.ok()) return status;
  const bool usual = preset == kDefault && !presets_of_task.contains(kDefault);
  const std::string wanted = usual ? UsualPreset(benchmark) : std::string(preset);
  presets_of_task.insert(kDefault);
  if (absl::Status status = CheckPart("preset", wanted, presets_of_task); !status.ok()) return status;
  return Layered(wanted, std::string(benchmark), std::string(architecture));
}

std::string UsualPreset(std::string_view benchmark) {
  if (env::FindBrought(benchmark) != nullptr) return kDefault;
  std::string first;
  for (const auto& [preset, task] : PresetsAndTasks()) {
    if (task != benchmark) continue;
    if (preset == kUsual) return preset;
    if (first.empty()) first = preset;
  }
  return first.empty() ? kUsual : first;
}

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  for (const auto& [preset, task] : PresetsAndTasks()) {
    for (const std::string& architecture : Architectures())
      names.push_back(absl::StrCat(preset, "-", task, "-", architecture));
  }
  return names;
}

}  // namespace nmn::config
