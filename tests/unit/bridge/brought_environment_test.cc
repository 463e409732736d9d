#include "bridge/brought_environment.h"

#include <gmock/gmock.h>

#include <limits>

#include "tests/unit/bridge/pool.h"

namespace nmn::bridge {
namespace {

using ::testing::HasSubstr;

// Steps one lane of a task with the same actions in every step, to its end or its failure.
struct Episode {
  std::vector<std::vector<float>> observations;  // from x_0 on
  std::vector<std::vector<float>> actions;       // as fed back, of each step
  std::vector<float> trial_ends;
  std::vector<std::vector<float>> final_observations;
  float sum_of_rewards = 0;
};

absl::StatusOr<std::unique_ptr<BroughtEnvironment>> Start(const PythonTask& task, size_t max_lanes) {
  absl::StatusOr<std::unique_ptr<WorkerPool>> pool = WorkerPool::Start(task, max_lanes);
  if (!pool.ok()) return pool.status();
  return std::make_unique<BroughtEnvironment>(*std::move(pool), max_lanes);
}

Episode Play(BroughtEnvironment& environment, const std::vector<float>& raw_action) {
  Episode episode;
  std::vector<float> x(environment.spec().observation_size), action(raw_action.size());
  const View2 observation(x.data(), x.size(), 1);
  environment.Reset({.seed = 1, .update = 1}, observation);
  episode.observations.push_back(x);
  for (uint32_t t = 0; t < environment.horizon() && environment.status().ok(); ++t) {
    float reward = 0, trial_end = -1;
    std::vector<float> final_x(x.size(), -1);
    environment.Step(
        {raw_action.data(), raw_action.size(), 1},
        {{action.data(), action.size(), 1}, &reward, observation, &trial_end, {final_x.data(), final_x.size(), 1}});
    episode.trial_ends.push_back(trial_end);
    episode.final_observations.push_back(final_x);
    episode.actions.push_back(action);
    episode.observations.push_back(x);
    episode.sum_of_rewards += reward;
  }
  return episode;
}

TEST_F(PoolTest, AnActionIsScaledIntoItsBoxAndFedBackSo) {
  const auto environment = Start(Task("tasks:Drift"), 1);
  ASSERT_TRUE(environment.ok()) << environment.status();
  // The first number is in [-1, 1]; the second is from 0 on, without an upper bound.
  EXPECT_EQ(Play(**environment, {0.25f, 3}).actions[0], (std::vector<float>{0.25f, 3}));
  EXPECT_EQ(Play(**environment, {7, -3}).actions[0], (std::vector<float>{1, 0}));
}

TEST(ToTask, ScalesAboutTheMiddleAndClips) {
  v1::ActionSpace space;
  v1::BoxSpace& box = *space.mutable_box();
  box.add_low(2);
  box.add_high(6);
  box.add_scale(2);
  box.add_offset(4);
  const std::vector<float> raw = {0, 0.5f, 1, 1.5f, -9};
  std::vector<float> action(5);
  ToTask(space, {raw.data(), 1, 5}, {action.data(), 1, 5});
  EXPECT_EQ(action, (std::vector<float>{4, 5, 6, 6, 2}));
}

// The first trial of Seeds ends as terminated, the second as truncated, after three steps each; it shows the number of
// the trial.
TEST_F(PoolTest, AStepSaysHowItLeftItsTrialAndATruncatedOneWhatItWouldHaveShown) {
  const auto environment = Start(Task("tasks:Seeds"), 1);
  ASSERT_TRUE(environment.ok()) << environment.status();
  EXPECT_TRUE((*environment)->spec().has_trials);
  EXPECT_EQ((*environment)->spec().observation_size, 3);
  const Episode episode = Play(**environment, {0});
  EXPECT_EQ(episode.trial_ends, (std::vector<float>{0, 0, 1, 0, 0, 2, 0}));
  for (size_t t = 0; t < 7; ++t) {
    EXPECT_EQ(episode.observations[t + 1][2], t < 2 ? 1 : t < 5 ? 2 : 3) << "the trial, " << t;
    const std::vector<float> trial_before = episode.observations[t];
    EXPECT_EQ(episode.final_observations[t], t == 5 ? trial_before : std::vector<float>(3)) << t;
  }
}

TEST_F(PoolTest, AFailureShowsInTheStatusUntilTheNextReset) {
  const auto environment = Start(Task("tasks:FailsAtFirst"), 1);
  ASSERT_TRUE(environment.ok()) << environment.status();
  Play(**environment, {0});
  EXPECT_THAT(std::string((*environment)->status().message()), HasSubstr("step 0: ValueError: the first time"));
  EXPECT_EQ(Play(**environment, {0}).actions.size(), 8);
  EXPECT_TRUE((*environment)->status().ok());
}

}  // namespace
}  // namespace nmn::bridge
