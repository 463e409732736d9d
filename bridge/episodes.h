#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/env/environment.h"

namespace nmn::bridge {

// Which episodes the lanes of a task of the user's own play, and how far they are: where the seeds of its resets come
// from, and what a failure names. A trial's seed is drawn at (seed, update, episode, trial), its task's at (seed,
// update, episode): a task that is a function of the two gives the same numbers in any lane and beside any neighbours.
class Episodes {
 public:
  // `task`: what the command line calls it.
  Episodes(std::string task, size_t max_lanes) : task_(std::move(task)), trial_(max_lanes) {}

  void Begin(const env::BatchKey& key, size_t lanes);  // with the first trial of each
  void Lose() { lanes_ = 0; }
  void NextStep() { ++step_; }
  void NextTrial(size_t lane) { ++trial_[lane]; }

  const std::string& task() const { return task_; }
  size_t lanes() const { return lanes_; }
  uint32_t step() const { return step_; }

  // Below 2^31: gymnasium's environments and numpy's generators take no larger ones.
  uint32_t task_seed(size_t lane) const;
  uint32_t trial_seed(size_t lane) const;

  // The same failure, which names task, environment and step.
  absl::Status Located(size_t lane, bool in_reset, const absl::Status& failure) const;

 private:
  const std::string task_;
  env::BatchKey key_;
  size_t lanes_ = 0;
  uint32_t step_ = 0;
  std::vector<uint32_t> trial_;  // [lane]
};

}  // namespace nmn::bridge
