#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/config/config.h"
#include "common/config/embedded_presets.h"
#include "common/text/suggestion.h"

namespace nmn::config {
namespace {

// NOT_FOUND unless some preset, "fast-b1-nmn", has `value` as its part of that index; by the flag that says it.
absl::Status CheckPart(const std::string& flag, std::string_view value, size_t index) {
  std::set<std::string> known;
  for (const std::string& name : PresetNames()) {
    const std::vector<std::string> parts = absl::StrSplit(name, '-');
    known.insert(parts[index]);
  }
  if (known.count(std::string(value)) != 0) return absl::OkStatus();
  const std::vector<std::string> near = text::Near(value, {known.begin(), known.end()});
  const std::string suggestion = near.empty() ? "" : absl::StrCat("; did you mean ", absl::StrJoin(near, " or "), "?");
  return absl::NotFoundError(absl::StrCat("--", flag, "=", std::string(value), ": it must be one of ",
                                          absl::StrJoin(known, ", "), suggestion));
}

}  // namespace

absl::StatusOr<v1::RunConfig> Preset(std::string_view preset, std::string_view benchmark,
                                     std::string_view architecture) {
  const std::string wanted =
      absl::StrCat(std::string(preset), "-", std::string(benchmark), "-", std::string(architecture));
  for (const EmbeddedPreset& embedded : EmbeddedPresets()) {
    if (embedded.name == wanted) return Parse(embedded.text, wanted);
  }
  if (absl::Status status = CheckPart("benchmark", benchmark, 1); !status.ok()) return status;
  if (absl::Status status = CheckPart("arch", architecture, 2); !status.ok()) return status;
  if (absl::Status status = CheckPart("preset", preset, 0); !status.ok()) return status;
  return absl::NotFoundError(
      absl::StrCat("there is no preset ", wanted, "; there are ", absl::StrJoin(PresetNames(), ", ")));
}

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  for (const EmbeddedPreset& embedded : EmbeddedPresets()) names.emplace_back(embedded.name);
  return names;
}

}  // namespace nmn::config
