#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config/config.h"
#include "common/config/embedded_presets.h"

namespace nmn::config {

absl::StatusOr<v1::RunConfig> Preset(std::string_view preset, std::string_view benchmark,
                                     std::string_view architecture) {
  const std::string wanted =
      absl::StrCat(std::string(preset), "-", std::string(benchmark), "-", std::string(architecture));
  for (const EmbeddedPreset& embedded : EmbeddedPresets()) {
    if (embedded.name == wanted) return Parse(embedded.text, wanted);
  }
  return absl::NotFoundError(
      absl::StrCat("there is no preset ", wanted, "; there are ", absl::StrJoin(PresetNames(), ", ")));
}

std::vector<std::string> PresetNames() {
  std::vector<std::string> names;
  for (const EmbeddedPreset& embedded : EmbeddedPresets()) names.emplace_back(embedded.name);
  return names;
}

}  // namespace nmn::config
