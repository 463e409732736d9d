#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "nmn/v1/task.pb.h"

namespace nmn::bridge {

// What a task of the user's own was found to be.
struct FoundTask {
  v1::TaskSpec spec;
  std::vector<float> low, high;          // of each number of an observation; infinite where there is no bound
  std::string python, numpy, gymnasium;  // versions; "" where the task does without
};

// Adds a number that a task takes from low to high, of which either may be infinite. u = 0 is the middle, u = 1 the
// upper bound; where a side has no bound, u is the action itself, from the number next to 0 that is legal.
void AddNumber(float low, float high, v1::BoxSpace& box);

// INVALID_ARGUMENT names the field and its legal values: its name, version, horizon, observation or action.
absl::Status CheckFoundTask(const FoundTask& found);

// Of an observation's number `index`, which the task put out. OUT_OF_RANGE: NaN, too large, or outside its bounds.
absl::Status CheckObserved(const FoundTask& found, size_t index, float x);
// The same of all numbers of one.
absl::Status CheckObservation(const FoundTask& found, const float* x);
absl::Status CheckReward(float reward);

}  // namespace nmn::bridge
