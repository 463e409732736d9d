// tasks:Seeds of tasks.py as a shared library, in C++. TASK_TEST_FAULT says what is wrong with it.

#include <unistd.h>

#include <cfenv>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "nmn/task.h"

namespace {

constexpr uint32_t kSize = 3;
constexpr uint32_t kFaultyLane = 1, kFaultyStep = 2;

bool Has(const char* fault) {
  const char* wanted = std::getenv("TASK_TEST_FAULT");
  return wanted != nullptr && wanted == std::string(fault);
}

struct Lane {
  uint32_t trial_seed = 0, task_seed = 0, resets = 0, steps = 0;
};
using Lanes = std::vector<Lane>;

void Observe(const Lane& lane, uint32_t lanes, float* x) {
  x[0] = static_cast<float>(lane.trial_seed / 2147483648.0);
  x[lanes] = static_cast<float>(lane.task_seed / 2147483648.0);
  x[size_t{2} * lanes] = static_cast<float>(lane.resets);
}

int Fail(char* error, uint32_t& failed_lane, int code) {
  std::snprintf(error, NMN_ERROR_SIZE, "the motor is\ntoo hot");
  failed_lane = kFaultyLane;
  return code;
}

void* Create(nmn_create* create) {
  if (Has("create")) {
    std::snprintf(create->error, NMN_ERROR_SIZE, "no licence for %u steps", create->horizon);
    return nullptr;
  }
  return new Lanes(create->max_lanes);
}

int Reset(void* self, nmn_reset* reset) {
  if (Has("reset")) return Fail(reset->error, reset->failed_lane, 3);
  for (uint32_t i = 0; i < reset->count; ++i) {
    const uint32_t at = reset->which[i];
    Lane& lane = (*static_cast<Lanes*>(self))[at];
    lane = {reset->trial_seed[at], reset->task_seed[at], lane.resets + 1, 0};
    Observe(lane, reset->lanes, reset->observation + at);
  }
  return 0;
}

int Step(void* self, nmn_step* step) {
  static bool failed_once = false;
  if (Has("exit")) _exit(0);
  if (Has("rounding")) std::fesetround(FE_TOWARDZERO);
  if (Has("traps")) feenableexcept(FE_INVALID);
  const bool now = step->t == kFaultyStep && step->lanes > kFaultyLane;
  if (now && (Has("step") || (Has("once") && !std::exchange(failed_once, true))))
    return Fail(step->error, step->failed_lane, -5);
  for (uint32_t at = 0; at < step->lanes; ++at) {
    Lane& lane = (*static_cast<Lanes*>(self))[at];
    Observe(lane, step->lanes, step->observation + at);
    step->reward[at] = static_cast<float>(++lane.steps);
    if (lane.steps == 3) step->trial_end[at] = lane.resets % 2 == 1 ? NMN_TERMINATED : NMN_TRUNCATED;
  }
  if (!now) return 0;
  if (Has("nan") || Has("traps")) step->observation[kFaultyLane] = std::numeric_limits<float>::quiet_NaN();
  if (Has("outside")) step->observation[kFaultyLane] = 101;
  if (Has("infinite")) step->reward[kFaultyLane] = std::numeric_limits<float>::infinity();
  if (Has("end")) step->trial_end[kFaultyLane] = 7;
  return 0;
}

// Leaves the reward of a lane as nmn put it there.
int StepThatForgets(void* self, nmn_step* step) {
  std::vector<float> reward(step->lanes);
  nmn_step other = *step;
  other.reward = reward.data();
  const int code = Step(self, &other);
  for (uint32_t at = 0; at < step->lanes; ++at) {
    if (step->t != kFaultyStep || at != kFaultyLane) step->reward[at] = reward[at];
  }
  return code;
}

void Destroy(void* self) { delete static_cast<Lanes*>(self); }

}  // namespace

const nmn_task* nmn_task_plugin() {
  static const float low[kSize] = {}, high[kSize] = {100, 100, 100}, nan[1] = {std::numeric_limits<float>::quiet_NaN()};
  static const uint32_t two[1] = {2}, one[1] = {1}, several[2] = {3, 4};
  static nmn_task task;
  task = {
      NMN_TASK_HEADER, {"seeds", 1, 7, 1, kSize, low, high, NMN_CHOICES, 1, nullptr, nullptr, two}, Create, Reset, Step,
      Destroy};
  if (Has("null")) return nullptr;
  if (Has("abi")) task.abi = NMN_TASK_ABI + 1;
  if (Has("size")) task.step_size -= 8;
  if (Has("no_step")) task.step = nullptr;
  if (Has("name")) task.spec.name = "a/b\n";
  if (Has("no_name")) task.spec.name = nullptr;
  if (Has("version")) task.spec.version = 0;
  if (Has("horizon")) task.spec.horizon = 0;
  if (Has("no_observation")) task.spec.observation_size = 0;
  if (Has("huge")) task.spec.observation_size = 0xFFFFFFFF;
  if (Has("bounds")) task.spec.observation_low = high, task.spec.observation_high = low;
  if (Has("kind")) task.spec.action_kind = 9;
  if (Has("one_choice")) task.spec.choices = one;
  if (Has("no_choices")) task.spec.choices = nullptr;
  if (Has("several")) task.spec.choices = several, task.spec.action_size = 2;
  if (Has("no_actions")) task.spec.action_size = 0;
  if (Has("box") || Has("nan_bound")) task.spec.action_kind = NMN_BOX;
  if (Has("nan_bound")) task.spec.action_low = nan;
  if (Has("no_trials")) task.spec.has_trials = 0;
  if (Has("forgets")) task.step = StepThatForgets;
  return &task;
}
