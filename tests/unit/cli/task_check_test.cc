#include "cli/task_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace nmn::cli {
namespace {

using ::testing::HasSubstr;

// Four steps of two numbers observed; what goes wrong is the test's choice.
struct Faults {
  // The reward of a step, of the environment's how-manieth play, counting from 1.
  std::function<float(uint32_t episode, uint32_t t, int play, size_t lanes)> reward =
      [](uint32_t episode, uint32_t t, int, size_t) { return static_cast<float>(episode + t); };
  float observed = 0.5f;
  float fed_back_offset = 0;
  // Of each step, in a task with trials; nothing: it has none.
  std::function<float(int play)> trial_end = nullptr;
};

class FaultyTask final : public env::BatchedEnvironment {
 public:
  FaultyTask(Faults faults, size_t max_lanes) : faults_(std::move(faults)), max_lanes_(max_lanes) {
    spec_.name = "faulty";
    spec_.observation_size = 2;
    spec_.action.set_discrete(3);
    spec_.has_trials = faults_.trial_end != nullptr;
  }
  const env::EnvironmentSpec& spec() const override { return spec_; }
  uint32_t horizon() const override { return 4; }
  size_t max_lanes() const override { return max_lanes_; }
  void Reset(const env::BatchKey& key, View2 observation) override {
    first_ = key.first_episode;
    t_ = 0;
    ++play_;
    Observe(observation);
  }
  void Step(ConstView2 raw_action, const env::StepResult& result) override {
    for (uint32_t lane = 0; lane < raw_action.columns; ++lane) {
      EXPECT_TRUE(raw_action(0, lane) == 0 || raw_action(0, lane) == 1 || raw_action(0, lane) == 2);
      result.action(0, lane) = raw_action(0, lane) + faults_.fed_back_offset;
      if (faults_.trial_end != nullptr) result.trial_end[lane] = faults_.trial_end(play_);
      result.reward[lane] = faults_.reward(first_ + lane, t_, play_, raw_action.columns);
    }
    ++t_;
    Observe(result.observation);
  }
  double Measure(size_t, size_t) const override { return 0; }
  void ReadTask(size_t, std::span<float>) const override {}
  void ReadState(size_t, std::span<float>) const override {}

 private:
  void Observe(View2 observation) const {
    for (size_t lane = 0; lane < observation.columns; ++lane) {
      observation(0, lane) = -1;
      observation(1, lane) = faults_.observed;
    }
  }

  const Faults faults_;
  const size_t max_lanes_;
  env::EnvironmentSpec spec_;
  uint32_t first_ = 0, t_ = 0;
  int play_ = 0;
};

absl::StatusOr<TaskCheck> Check(const Faults& faults, uint32_t episodes = 6) {
  return CheckTask([&](size_t lanes) { return std::make_unique<FaultyTask>(faults, lanes); }, 1, episodes);
}

std::string Refusal(const Faults& faults) {
  const absl::Status status = Check(faults).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  return std::string(status.message());
}

TEST(CheckTask, TheEndsOfTrialsAreNoChance) {
  EXPECT_TRUE(Check({.trial_end = [](int) { return env::kTruncated; }}).ok());
  EXPECT_THAT(Refusal({.trial_end = [](int play) { return play == 1 ? env::kGoesOn : env::kTerminated; }}),
              HasSubstr("trial_end of episode 0 at step 0 is 0, and 1 when it is played again"));
  EXPECT_THAT(Refusal({.trial_end = [](int) { return 3.0f; }}), HasSubstr("is 3; it must be 0, 1 or 2"));
}

TEST(CheckTask, SaysWhatItSaw) {
  const absl::StatusOr<TaskCheck> check = Check({});
  ASSERT_TRUE(check.ok()) << check.status();
  EXPECT_EQ(check->steps, 24u);
  EXPECT_GT(check->steps_per_second, 0);
  // Episode e gets 4 e + 6: mean 16, variance of e over 6 episodes 3.5.
  EXPECT_DOUBLE_EQ(check->return_mean, 16);
  EXPECT_DOUBLE_EQ(check->return_error, std::sqrt(16 * 3.5 / 6));
  EXPECT_EQ(check->least_observed, -1);
  EXPECT_EQ(check->largest_observed, 0.5f);
}

TEST(CheckTask, EveryShippedTaskIsInOrder) {
  for (const std::string& task : env::TaskNames()) {
    v1::EnvironmentOptions options;
    options.set_domain(v1::DOMAIN_REFERENCE);
    options.set_horizon(30);
    const auto check = CheckTask([&](size_t lanes) { return env::MakeEnvironment(task, options, lanes); }, 3, 7);
    EXPECT_TRUE(check.ok()) << task << ": " << check.status();
  }
}

TEST(CheckTask, OneThatIsNoFunctionOfTheSeedIsFound) {
  Faults faults;
  faults.reward = [](uint32_t episode, uint32_t t, int play, size_t) {
    return episode == 4 && t == 2 ? static_cast<float>(play) : 0.0f;
  };
  EXPECT_THAT(Refusal(faults), HasSubstr("reward of episode 4 at step 2 is 1, and 2 when it is played again"));
}

TEST(CheckTask, OneThatDependsOnItsNeighboursIsFound) {
  Faults faults;
  faults.reward = [](uint32_t episode, uint32_t t, int, size_t lanes) {
    return episode == 5 && t == 1 ? static_cast<float>(lanes) : 0.0f;
  };
  EXPECT_THAT(Refusal(faults), HasSubstr("reward of episode 5 at step 1 is 6, and 3 in another environment"));
}

TEST(CheckTask, NumbersThatNoStepMayHaveAreFound) {
  Faults faults;
  faults.observed = NAN;
  EXPECT_THAT(Refusal(faults), HasSubstr("observation[1] of episode 0 at step 0 is nan"));
  faults.observed = 2e6f;
  EXPECT_THAT(Refusal(faults), HasSubstr("observation[1] of episode 0 at step 0 is 2e+06; it must be at most 1e+06"));
}

TEST(CheckTask, AnActionOutsideItsSpaceIsFound) {
  Faults faults;
  faults.fed_back_offset = 0.5f;
  EXPECT_THAT(Refusal(faults), HasSubstr("outside the action space"));
  faults.fed_back_offset = 3;
  EXPECT_THAT(Refusal(faults), HasSubstr("outside the action space"));
}

}  // namespace
}  // namespace nmn::cli
