#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config/config.h"
#include "common/config/embedded_presets.h"
#include "common/config/task.h"
#include "common/env/brought.h"
#include "common/text/suggestion.h"

namespace nmn::config {
namespace {

constexpr char kUsual[] = "fast";
constexpr char kDefault[] = "default";
// What presets of tasks that are brought are called, by what their actions are.
constexpr char kOfNumbers[] = "box";
constexpr char kOfChoices[] = "choices";

// "fast-b1-nmn", by the flags that say it. The task's name may have dashes of its own.
struct Parts {
  std::string preset, task, arch;
};

Parts PartsOf(std::string_view name) {
  const size_t first = name.find('-'), last = name.rfind('-');
  return {std::string(name.substr(0, first)), std::string(name.substr(first + 1, last - first - 1)),
          std::string(name.substr(last + 1))};
}

// NOT_FOUND unless some preset has `value` as this part; of those of `task` alone, where one is given.
absl::Status CheckPart(const std::string& flag, std::string_view value, std::string Parts::*part,
                       std::string_view task = "") {
  std::vector<std::string> known;
  for (const EmbeddedPreset& embedded : EmbeddedPresets()) {
    const Parts parts = PartsOf(embedded.name);
    if (task.empty() || parts.task == task) known.push_back(parts.*part);
  }
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  if (std::find(known.begin(), known.end(), value) != known.end()) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("--", flag, "=", std::string(value), ": it must be one of ",
                                          absl::StrJoin(known, ", "), text::DidYouMean(value, known)));
}

// Of a task that was brought: that of its kind of action.
absl::StatusOr<v1::RunConfig> PresetOfBrought(std::string_view preset, const env::BroughtTask& task,
                                              std::string_view architecture) {
  if (preset != kDefault) {
    return absl::NotFoundError(
        absl::StrCat("--preset=", std::string(preset), ": a task of your own has preset ", kDefault, " alone"));
  }
  const std::string wanted =
      absl::StrCat(task.spec.action.has_box() ? kOfNumbers : kOfChoices, "-", std::string(architecture));
  for (const EmbeddedPreset& embedded : EmbeddedOwnPresets()) {
    if (embedded.name != wanted) continue;
    absl::StatusOr<v1::RunConfig> config = Parse(embedded.text, embedded.name);
    if (!config.ok()) return config;
    config->set_benchmark(task.spec.name);
    ResolveTask(*config);
    return config;
  }
  return CheckPart("arch", architecture, &Parts::arch);
}

}  // namespace

absl::StatusOr<v1::RunConfig> Preset(std::string_view preset, std::string_view benchmark,
                                     std::string_view architecture) {
  if (const env::BroughtTask* task = env::FindBrought(benchmark); task != nullptr)
    return PresetOfBrought(preset, *task, architecture);
  const std::string wanted =
      absl::StrCat(std::string(preset), "-", std::string(benchmark), "-", std::string(architecture));
  for (const EmbeddedPreset& embedded : EmbeddedPresets()) {
    if (embedded.name == wanted) return Parse(embedded.text, wanted);
  }
  if (preset == kDefault && UsualPreset(benchmark) != kDefault)
    return Preset(UsualPreset(benchmark), benchmark, architecture);
  if (absl::Status status = CheckPart("task", benchmark, &Parts::task); !status.ok()) return status;
  if (absl::Status status = CheckPart("arch", architecture, &Parts::arch); !status.ok()) return status;
  if (absl::Status status = CheckPart("preset", preset, &Parts::preset, benchmark); !status.ok()) return status;
  return absl::NotFoundError(
      absl::StrCat("there is no preset ", wanted, "; there are ", absl::StrJoin(PresetNames(), ", ")));
}

std::string UsualPreset(std::string_view benchmark) {
  if (env::FindBrought(benchmark) != nullptr) return kDefault;
  std::string first;
  for (const EmbeddedPreset& embedded : EmbeddedPresets()) {
    const Parts parts = PartsOf(embedded.name);
    if (parts.task != benchmark) continue;
    if (parts.preset == kUsual) return parts.preset;
    if (first.empty()) first = parts.preset;
  }
  return first.empty() ? kUsual : first;
}

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  for (const EmbeddedPreset& embedded : EmbeddedPresets()) names.emplace_back(embedded.name);
  return names;
}

}  // namespace nmn::config
