#include "cli/task_check.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/nn/action_space.h"
#include "common/rng/philox.h"
#include "common/trajectory/layout.h"

namespace nmn::cli {
namespace {

// Everything that some episodes showed: of each step x, the fed-back action, the reward, and in a task with trials how
// it left its trial, [time, number, lane].
struct Played {
  size_t reward = 0;  // the number of the reward
  size_t numbers = 0;
  size_t lanes = 0;
  std::vector<float> values;
  double seconds = 0;

  float At(size_t t, size_t number, size_t lane) const { return values[(t * numbers + number) * lanes + lane]; }
};

// u of one number of a box, drawn by chance: over its range if it has one, else from a standard normal.
float DrawNumber(const v1::BoxSpace& box, int i, const rng::StreamPosition& at) {
  const rng::Block block = rng::Draw(at, rng::Purpose::kScriptedPolicy, static_cast<uint16_t>(i));
  const float low = box.low(i), high = box.high(i);
  if (!std::isfinite(high - low)) return rng::NormalPair(block[0], block[1])[0];
  return (rng::Uniform(block[0], low, high) - box.offset(i)) / box.scale(i);
}

void DrawActions(const v1::ActionSpace& space, const env::BatchKey& key, uint32_t t, View2 raw_action) {
  const nn::ActionCoding coding(space);
  for (uint32_t lane = 0; lane < raw_action.columns; ++lane) {
    const rng::StreamPosition at = {key.seed, key.update, key.first_episode + lane, t};
    for (size_t row = 0; row < raw_action.rows; ++row) {
      if (space.has_box()) {
        raw_action(row, lane) = DrawNumber(space.box(), static_cast<int>(row), at);
      } else {
        const float u = rng::UnitUniform(rng::Draw(at, rng::Purpose::kScriptedPolicy, static_cast<uint16_t>(row))[0]);
        raw_action(row, lane) = std::floor(u * static_cast<float>(coding.choices()[row]));
      }
    }
  }
}

absl::StatusOr<Played> Play(env::BatchedEnvironment& environment, const env::BatchKey& key, size_t lanes) {
  const env::EnvironmentSpec& spec = environment.spec();
  const size_t width = nn::ActionCoding(spec.action).recorded_width();
  const size_t x = spec.observation_size;
  Played played{.reward = x + width, .numbers = x + width + (spec.has_trials ? 2 : 1), .lanes = lanes, .values = {}};
  played.values.resize(played.numbers * lanes * environment.horizon());
  std::vector<float> memory(x * lanes), actions(width * lanes);
  const View2 observation(memory.data(), x, lanes), raw_action(actions.data(), width, lanes);
  environment.Reset(key, observation);
  if (absl::Status status = environment.status(); !status.ok()) return status;
  for (uint32_t t = 0; t < environment.horizon(); ++t) {
    float* row = &played.values[t * played.numbers * lanes];
    std::copy(memory.begin(), memory.end(), row);
    DrawActions(spec.action, key, t, raw_action);
    const auto start = std::chrono::steady_clock::now();
    env::StepResult result{{row + x * lanes, width, lanes}, row + played.reward * lanes, observation};
    if (spec.has_trials) result.trial_end = result.reward + lanes;
    environment.Step(raw_action, result);
    played.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (absl::Status status = environment.status(); !status.ok()) return status;
  }
  return played;
}

std::string Where(const Played& played, size_t observation_size, size_t number, size_t t, size_t episode) {
  const std::string field = number < observation_size ? absl::StrCat("observation[", number, "]")
                            : number < played.reward  ? absl::StrCat("action[", number - observation_size, "]")
                            : number == played.reward ? "reward"
                                                      : "trial_end";
  return absl::StrCat(field, " of episode ", episode, " at step ", t);
}

// That every number of `other`, whose first lane is episode `first`, is that of `played`.
absl::Status CheckSame(const Played& played, const Played& other, size_t first, size_t observation_size,
                       const std::string& what) {
  const size_t steps = played.values.size() / played.numbers / played.lanes;
  for (size_t t = 0; t < steps; ++t) {
    for (size_t number = 0; number < played.numbers; ++number) {
      for (size_t lane = 0; lane < other.lanes; ++lane) {
        const float a = played.At(t, number, first + lane), b = other.At(t, number, lane);
        if (std::memcmp(&a, &b, sizeof a) == 0) continue;
        return absl::FailedPreconditionError(
            absl::StrCat(Where(played, observation_size, number, t, first + lane), " is ", a, ", and ", b, " ", what));
      }
    }
  }
  return absl::OkStatus();
}

// Whether a recorded number of the fed-back action lies in its space.
bool InSpace(const v1::ActionSpace& space, size_t row, float value) {
  if (space.has_box()) {
    const int i = static_cast<int>(row);
    return value >= space.box().low(i) && value <= space.box().high(i);
  }
  const float choices = static_cast<float>(nn::ActionCoding(space).choices()[row]);
  return value >= 0 && value < choices && value == std::trunc(value);
}

absl::Status CheckNumbers(const env::EnvironmentSpec& spec, const Played& played) {
  const size_t steps = played.values.size() / played.numbers / played.lanes;
  for (size_t t = 0; t < steps; ++t) {
    for (size_t number = 0; number < played.numbers; ++number) {
      for (size_t lane = 0; lane < played.lanes; ++lane) {
        const float value = played.At(t, number, lane);
        const std::string where = Where(played, spec.observation_size, number, t, lane);
        if (!std::isfinite(value)) return absl::FailedPreconditionError(absl::StrCat(where, " is ", value));
        if (std::abs(value) > trajectory::kLargestEnvironmentValue) {
          return absl::FailedPreconditionError(absl::StrCat(where, " is ", value, "; it must be at most ",
                                                            trajectory::kLargestEnvironmentValue, " in magnitude"));
        }
        const bool is_action = number >= spec.observation_size && number < played.reward;
        if (number > played.reward && value != env::kGoesOn && value != env::kTerminated && value != env::kTruncated)
          return absl::FailedPreconditionError(absl::StrCat(where, " is ", value, "; it must be 0, 1 or 2"));
        if (is_action && !InSpace(spec.action, number - spec.observation_size, value))
          return absl::FailedPreconditionError(absl::StrCat(where, " is ", value, ", outside the action space"));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TaskCheck> CheckTask(const EnvironmentMaker& make, uint64_t seed, uint32_t episodes) {
  absl::StatusOr<std::unique_ptr<env::BatchedEnvironment>> environment = make(episodes);
  if (!environment.ok()) return environment.status();
  const uint32_t half = episodes / 2;
  absl::StatusOr<std::unique_ptr<env::BatchedEnvironment>> smaller = make(half);
  if (!smaller.ok()) return smaller.status();
  const env::EnvironmentSpec spec = (*environment)->spec();
  if (absl::Status status = nn::ValidateActionSpace(spec.action); !status.ok()) return status;

  const env::BatchKey key = {.seed = seed};
  const absl::StatusOr<Played> first = Play(**environment, key, episodes);
  if (!first.ok()) return first.status();
  const Played& played = *first;
  if (absl::Status status = CheckNumbers(spec, played); !status.ok()) return status;
  const absl::StatusOr<Played> again = Play(**environment, key, episodes);
  if (!again.ok()) return again.status();
  absl::Status same = CheckSame(
      played, *again, 0, spec.observation_size,
      "when it is played again: it is no function of the seed; draw all that is random from the seeds that reset gets "
      "(docs/tasks.md)");
  if (!same.ok()) return same;
  const env::BatchKey last = {
      .seed = seed, .first_episode = episodes - half, .first_global_episode = uint64_t{episodes} - half};
  const absl::StatusOr<Played> elsewhere = Play(**smaller, last, half);
  if (!elsewhere.ok()) return elsewhere.status();
  same = CheckSame(
      played, *elsewhere, episodes - half, spec.observation_size,
      "in another environment with other neighbours: it is no function of the seed and the episode; keep nothing "
      "from one episode, or from one environment, to another (docs/tasks.md)");
  if (!same.ok()) return same;

  TaskCheck check;
  check.steps = uint64_t{(*environment)->horizon()} * episodes;
  check.steps_per_second = static_cast<double>(check.steps) / std::max(played.seconds, 1e-9);
  std::vector<double> returns(episodes);
  check.least_observed = std::numeric_limits<float>::infinity();
  check.largest_observed = -check.least_observed;
  for (uint32_t t = 0; t < (*environment)->horizon(); ++t) {
    for (uint32_t lane = 0; lane < episodes; ++lane) {
      returns[lane] += played.At(t, played.reward, lane);
      for (size_t i = 0; i < spec.observation_size; ++i) {
        check.least_observed = std::min(check.least_observed, played.At(t, i, lane));
        check.largest_observed = std::max(check.largest_observed, played.At(t, i, lane));
      }
    }
  }
  double sum = 0, squares = 0;
  for (const double value : returns) sum += value;
  check.return_mean = sum / episodes;
  for (const double value : returns) squares += (value - check.return_mean) * (value - check.return_mean);
  check.return_error = std::sqrt(squares / (episodes - 1) / episodes);
  return check;
}

}  // namespace nmn::cli
