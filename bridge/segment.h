#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/fs/descriptor.h"
#include "common/tensor/view.h"

namespace nmn::bridge {

// The memory that one worker shares with us, without a name in any file system. Its layout is said here alone; the
// worker is told it (Description). Arrays have the lane as their first axis, which is how Python writes them. We write
// and read only while the worker waits for a command.
//
//   control      [3]            lanes that count, the step t, the lane that the worker is at
//   trial_seed   [lane]         of the next reset of a lane
//   task_seed    [lane]         of its episode
//   action       [lane, m]      as the task gets it; an index for a choice
//   observation  [lane, d]
//   reward       [lane]
//   trial_end    [lane]         0 going on, 1 terminated, 2 truncated
//   final_observation  [lane, d]  of a trial that was truncated
class Segment {
 public:
  // RESOURCE_EXHAUSTED: no memory.
  static absl::StatusOr<Segment> Create(size_t max_lanes, size_t observation_size, size_t action_width);
  ~Segment();
  Segment(Segment&& other) noexcept;
  Segment& operator=(Segment&&) = delete;

  int descriptor() const { return memory_.get(); }
  // For the worker: {"bytes": .., "arrays": {NAME: [TYPE, [SHAPE ..], OFFSET], ..}}.
  std::string Description() const;

  size_t max_lanes() const { return max_lanes_; }
  int32_t& lanes() { return *At<int32_t>(kControl); }
  int32_t& step() { return At<int32_t>(kControl)[1]; }
  int32_t& lane_now() { return At<int32_t>(kControl)[2]; }
  uint32_t* trial_seed() { return At<uint32_t>(kTrialSeed); }
  uint32_t* task_seed() { return At<uint32_t>(kTaskSeed); }
  View2 action() { return View2(At<float>(kAction), max_lanes_, action_width_); }
  View2 observation() { return View2(At<float>(kObservation), max_lanes_, observation_size_); }
  float* reward() { return At<float>(kReward); }
  View2 final_observation() { return View2(At<float>(kFinalObservation), max_lanes_, observation_size_); }
  uint8_t* trial_end() { return At<uint8_t>(kTrialEnd); }

 private:
  enum Array { kControl, kTrialSeed, kTaskSeed, kAction, kObservation, kReward, kTrialEnd, kFinalObservation, kArrays };
  struct Place {
    const char* name;
    const char* type;  // numpy's
    size_t item;       // bytes
    size_t rows, columns;
    bool has_columns;
    size_t offset;
  };

  Segment(size_t max_lanes, size_t observation_size, size_t action_width, fs::Descriptor memory);
  template <typename T>
  T* At(Array array) {
    return reinterpret_cast<T*>(base_ + places_[array].offset);
  }

  size_t max_lanes_, observation_size_, action_width_;
  fs::Descriptor memory_;
  Place places_[kArrays];
  size_t bytes_ = 0;
  unsigned char* base_ = nullptr;
};

}  // namespace nmn::bridge
