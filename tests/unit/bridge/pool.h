#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bridge/worker_pool.h"
#include "tests/support/python.h"

namespace nmn::bridge {

// Tests that play tasks of tests/unit/bridge with a Python that has numpy.
class PoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    python_ = testing::PythonWithNumpy();
    if (python_.empty()) GTEST_SKIP() << "NO PYTHON WITH NUMPY: apt-get install python3-numpy";
    setenv("PYTHONPATH", "tests/unit/bridge", 1);
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    setenv("TASK_TEST_FILE", File().c_str(), 1);
  }

  PythonTask Task(const std::string& name, uint32_t workers = 1) const {
    PythonTask task;
    task.task = name;
    task.python = python_;
    task.workers = workers;
    return task;
  }
  // What a task may write to.
  std::string File() const { return folder_.path() + "/file"; }

  std::string python_;
  testing::TemporaryDirectory folder_;
};

// Plays whole episodes, and keeps all that was seen: [step][row][lane]; a row: of the observation, then reward,
// trial end and final observation of the step before.
class Played {
 public:
  using Steps = std::vector<std::vector<std::vector<float>>>;

  // Actions are `action` in every component.
  static absl::StatusOr<Steps> Episodes(TaskLanes& pool, const env::BatchKey& key, size_t lanes, float action = 1) {
    const v1::TaskSpec& spec = pool.found().spec;
    const size_t size = spec.observation_size();
    const size_t width = spec.action().has_box() ? spec.action().box().low_size()
                                                 : std::max(1, spec.action().multi_discrete().choices_size());
    std::vector<float> x(size * lanes), actions(width * lanes, action), reward(lanes), trial_end(lanes),
        final_x(size * lanes);
    const View2 observation(x.data(), size, lanes), final_observation(final_x.data(), size, lanes);
    Steps steps;
    const auto keep = [&] {
      std::vector<std::vector<float>> rows;
      for (size_t k = 0; k < size; ++k) rows.emplace_back(observation.row(k), observation.row(k) + lanes);
      rows.push_back(reward);
      rows.push_back(trial_end);
      for (size_t k = 0; k < size; ++k) rows.emplace_back(final_observation.row(k), final_observation.row(k) + lanes);
      steps.push_back(rows);
    };
    if (absl::Status status = pool.Reset(key, observation); !status.ok()) return status;
    keep();
    for (uint32_t t = 0; t < spec.horizon(); ++t) {
      absl::Status status = pool.Step(ConstView2(actions.data(), width, lanes),
                                      {{}, reward.data(), observation, trial_end.data(), final_observation});
      if (!status.ok()) return status;
      keep();
    }
    return steps;
  }
};

}  // namespace nmn::bridge
