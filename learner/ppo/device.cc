#include "learner/ppo/device.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "learner/ppo/torch_runtime.h"

namespace nmn::ppo {

absl::StatusOr<std::optional<int>> ParseDevice(const std::string& name) {
  if (name == "cpu") return std::nullopt;
  absl::string_view index_text = name;
  int index = 0;
  const bool known = name == "cuda" || (absl::ConsumePrefix(&index_text, "cuda:") &&
                                        absl::SimpleAtoi(index_text, &index) && index >= 0 && index <= INT8_MAX);
  if (!known) {
    return absl::InvalidArgumentError(absl::StrCat("--device=", name, ": it must be cpu, cuda or cuda:INDEX"));
  }
  return index;
}

absl::Status CheckDevice(const std::string& name) { return FindDevice(name).status(); }

}  // namespace nmn::ppo
