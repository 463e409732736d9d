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
    float reward = 0;
    environment.Step({raw_action.data(), raw_action.size(), 1},
                     {{action.data(), action.size(), 1}, &reward, observation});
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

// Rewards are 1, 2, 3 in each trial of three steps; T = 7 cuts the third.
TEST_F(PoolTest, MeasuresAreOfTheTrialsThatEnded) {
  const auto environment = Start(Task("tasks:Seeds"), 1);
  ASSERT_TRUE(environment.ok()) << environment.status();
  EXPECT_EQ(Play(**environment, {0}).sum_of_rewards, 13);
  EXPECT_EQ((*environment)->Measure(0, 0), 2);
  EXPECT_EQ((*environment)->Measure(1, 0), 6);
  EXPECT_EQ((*environment)->Measure(2, 0), 6);
  EXPECT_EQ((*environment)->spec().measures,
            (std::vector<std::string>{"trials", "first_trial_return", "last_trial_return"}));
}

// The first trial of Seeds ends as terminated, the second as truncated, after three steps each.
TEST_F(PoolTest, AnObservationSaysHowTheStepBeforeEndedItsTrial) {
  const auto environment = Start(Task("tasks:Seeds"), 1);
  ASSERT_TRUE(environment.ok()) << environment.status();
  EXPECT_EQ((*environment)->spec().observation_size, 5);
  const Episode episode = Play(**environment, {0});
  ASSERT_EQ(episode.observations.size(), 8);
  for (size_t t = 0; t < 8; ++t) {
    EXPECT_EQ(episode.observations[t][3], t == 3 ? 1 : 0) << t;
    EXPECT_EQ(episode.observations[t][4], t == 6 ? 1 : 0) << t;
    EXPECT_EQ(episode.observations[t][2], t < 3 ? 1 : t < 6 ? 2 : 3) << "the trial, " << t;
  }
}

TEST_F(PoolTest, WhereNoTrialEndsTheOneThatIsCutCounts) {
  PythonTask task = Task("tasks:Seeds");
  task.horizon = 2;
  const auto environment = Start(task, 1);
  ASSERT_TRUE(environment.ok()) << environment.status();
  Play(**environment, {0});
  EXPECT_EQ((*environment)->Measure(0, 0), 0);
  EXPECT_EQ((*environment)->Measure(1, 0), 3);
  EXPECT_EQ((*environment)->Measure(2, 0), 3);
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
