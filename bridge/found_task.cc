#include "bridge/found_task.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/nn/action_space.h"
#include "common/trajectory/layout.h"

namespace nmn::bridge {
namespace {

constexpr size_t kLongestName = 64;

// Letters that a file's name may have.
bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= kLongestName && name[0] != '.' &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.'; });
}

// NaN is not at most anything.
bool IsTooLarge(float x) { return !(std::fabs(x) <= trajectory::kLargestEnvironmentValue); }

absl::Status TooLarge(std::string_view what, float x) {
  return absl::OutOfRangeError(absl::StrCat(std::string(what), " is ", x, "; it must be a number of at most ",
                                            trajectory::kLargestEnvironmentValue, " in magnitude"));
}

}  // namespace

void AddNumber(float low, float high, v1::BoxSpace& box) {
  const bool bounded = std::isfinite(low) && std::isfinite(high);
  box.add_low(low);
  box.add_high(high);
  box.add_scale(bounded ? (high - low) / 2 : 1);
  box.add_offset(bounded
                     ? low + (high - low) / 2
                     : std::min(std::max(0.0f, low), high));  // they may be the wrong way round, which is refused later
}

absl::Status CheckFoundTask(const FoundTask& found) {
  const v1::TaskSpec& spec = found.spec;
  if (!IsName(spec.name())) {
    return absl::InvalidArgumentError(absl::StrCat("its name is \"", absl::CHexEscape(spec.name()),
                                                   "\"; it must be of letters, digits, _ and ., at most ",
                                                   kLongestName));
  }
  if (spec.horizon() < 1) return absl::InvalidArgumentError("its horizon is 0; it must be a whole number from 1");
  if (spec.observation_size() < 1)
    return absl::InvalidArgumentError("its observation has no numbers; it must have one at least");
  for (size_t i = 0; i < found.low.size(); ++i) {
    if (found.low[i] <= found.high[i]) continue;
    return absl::InvalidArgumentError(absl::StrCat("number ", i, " of its observation is from ", found.low[i], " to ",
                                                   found.high[i], "; the lower bound must not be above the upper"));
  }
  return nn::ValidateActionSpace(spec.action());
}

absl::Status CheckObserved(const FoundTask& found, size_t index, float x) {
  if (IsTooLarge(x)) return TooLarge(absl::StrCat("number ", index, " of the observation"), x);
  if (x >= found.low[index] && x <= found.high[index]) return absl::OkStatus();
  return absl::OutOfRangeError(absl::StrCat("number ", index, " of the observation is ", x, ", and its space says ",
                                            found.low[index], " to ", found.high[index]));
}

absl::Status CheckObservation(const FoundTask& found, const float* x) {
  for (size_t index = 0; index < found.low.size(); ++index) {
    if (absl::Status status = CheckObserved(found, index, x[index]); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckReward(float reward) {
  return IsTooLarge(reward) ? TooLarge("the reward", reward) : absl::OkStatus();
}

}  // namespace nmn::bridge
