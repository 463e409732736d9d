#include "bridge/worker_pool.h"

#include <gmock/gmock.h>

#include <limits>
#include <set>

#include "tests/unit/bridge/pool.h"

namespace nmn::bridge {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Steps = Played::Steps;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Lanes [first, first + count) of what was played.
Steps Lanes(const Steps& steps, size_t first, size_t count) {
  Steps part = steps;
  for (auto& rows : part) {
    for (auto& row : rows) row = std::vector<float>(row.begin() + first, row.begin() + first + count);
  }
  return part;
}

std::vector<float> Row(const Steps& steps, size_t row, size_t lane = 0) {
  std::vector<float> values;
  for (const auto& rows : steps) values.push_back(rows[row][lane]);
  return values;
}

TEST_F(PoolTest, FindsWhatTheTaskIs) {
  const auto pool = WorkerPool::Start(Task("tasks:Drift"), 1);
  ASSERT_TRUE(pool.ok()) << pool.status();
  const FoundTask& found = (*pool)->found();
  EXPECT_EQ(found.spec.name(), "tasks.Drift");
  EXPECT_EQ(found.spec.version(), 3);
  EXPECT_EQ(found.spec.observation_size(), 2);
  EXPECT_EQ(found.spec.horizon(), 12);
  EXPECT_TRUE(found.spec.has_trials());
  const v1::BoxSpace& box = found.spec.action().box();
  EXPECT_THAT(box.low(), ElementsAre(-1, 0));
  EXPECT_THAT(box.high(), ElementsAre(1, kInfinity));
  EXPECT_THAT(box.scale(), ElementsAre(1, 1));
  EXPECT_THAT(box.offset(), ElementsAre(0, 0));
  EXPECT_EQ(box.bound(), v1::BoxSpace::CLIP);
  EXPECT_THAT(found.low, ElementsAre(-2, -2));
  EXPECT_THAT(found.high, ElementsAre(2, 2));
  EXPECT_EQ(found.python.substr(0, 2), "3.");
  EXPECT_FALSE(found.numpy.empty());
  EXPECT_EQ(found.gymnasium, "");
}

TEST_F(PoolTest, TheHorizonThatIsAskedForComesFirst) {
  PythonTask task = Task("tasks:Drift");
  task.horizon = 5;
  const auto pool = WorkerPool::Start(task, 1);
  ASSERT_TRUE(pool.ok()) << pool.status();
  EXPECT_EQ((*pool)->found().spec.horizon(), 5);
}

// The same numbers whatever the workers and the batch.
TEST_F(PoolTest, AnEpisodeIsTheSameInAnyLaneOfAnyWorker) {
  const env::BatchKey key{.seed = 7, .update = 3, .first_episode = 20};
  const auto one = WorkerPool::Start(Task("tasks:Drift"), 7);
  const auto three = WorkerPool::Start(Task("tasks:Drift", 3), 7);
  ASSERT_TRUE(one.ok() && three.ok()) << one.status() << three.status();
  const auto expected = Played::Episodes(**one, key, 7);
  ASSERT_TRUE(expected.ok()) << expected.status();
  EXPECT_GT(std::set<float>((*expected)[0][1].begin(), (*expected)[0][1].end()).size(), 6) << "tasks differ";
  EXPECT_EQ(Played::Episodes(**three, key, 7).value(), *expected);
  for (const auto& [first, count] : std::vector<std::pair<uint32_t, size_t>>{{0, 2}, {2, 5}, {6, 1}}) {
    const env::BatchKey part{.seed = 7, .update = 3, .first_episode = 20 + first};
    EXPECT_EQ(Played::Episodes(**three, part, count).value(), Lanes(*expected, first, count)) << first;
    EXPECT_EQ(Played::Episodes(**one, part, count).value(), Lanes(*expected, first, count)) << first;
  }
  const env::BatchKey other{.seed = 7, .update = 4, .first_episode = 20};
  EXPECT_NE(Played::Episodes(**one, other, 7).value(), *expected);
}

TEST_F(PoolTest, ATrialThatEndsIsFollowedByOneOfTheSameTask) {
  const auto pool = WorkerPool::Start(Task("tasks:Seeds"), 2);
  ASSERT_TRUE(pool.ok()) << pool.status();
  const auto steps = Played::Episodes(**pool, {.seed = 1, .update = 1}, 2);
  ASSERT_TRUE(steps.ok()) << steps.status();
  const std::vector<float> seeds = Row(*steps, 0), tasks = Row(*steps, 1);
  // The observation after a trial's last step is the first of the next: resets 1, 2 and 3, each of three steps.
  EXPECT_THAT(Row(*steps, 2), ElementsAre(1, 1, 1, 2, 2, 2, 3, 3));
  EXPECT_THAT(Row(*steps, 3), ElementsAre(0, 1, 2, 3, 1, 2, 3, 1));
  EXPECT_THAT(Row(*steps, 4), ElementsAre(0, 0, 0, 1, 0, 0, 2, 0));
  EXPECT_THAT(Row(*steps, 7), ElementsAre(0, 0, 0, 0, 0, 0, 2, 0)) << "what a truncated trial would have shown";
  EXPECT_EQ(std::set<float>(tasks.begin(), tasks.end()).size(), 1);
  EXPECT_EQ(std::set<float>(seeds.begin(), seeds.end()).size(), 3);
  EXPECT_NE(Row(*steps, 1, 1)[0], tasks[0]) << "another episode has another task";
  for (const float seed : seeds) EXPECT_TRUE(seed >= 0 && seed < 1) << "seeds are below 2^31";
}

// What follows the last step of an episode is no part of it.
TEST_F(PoolTest, NoTrialBeginsAfterTheLastStep) {
  PythonTask task = Task("tasks:Seeds");
  task.horizon = 3;
  const auto pool = WorkerPool::Start(task, 1);
  ASSERT_TRUE(pool.ok()) << pool.status();
  const auto steps = Played::Episodes(**pool, {.seed = 1, .update = 1}, 1);
  EXPECT_THAT(Row(steps.value(), 2), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(Row(steps.value(), 4), ElementsAre(0, 0, 0, 1));
}

TEST_F(PoolTest, TasksOfTheOlderMannerAreDrawnByTheSeedOfTheTask) {
  const auto pool = WorkerPool::Start(Task("tasks:ByList"), 2);
  ASSERT_TRUE(pool.ok()) << pool.status();
  const auto both = Played::Episodes(**pool, {.seed = 1, .update = 1}, 2);
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_NE(Row(*both, 0, 0)[0], Row(*both, 0, 1)[0]);
  const auto second = Played::Episodes(**pool, {.seed = 1, .update = 1, .first_episode = 1}, 1);
  EXPECT_EQ(second.value(), Lanes(*both, 1, 1));
}

TEST_F(PoolTest, ADictIsItsPartsAndAChoiceCountsFromItsStart) {
  const auto pool = WorkerPool::Start(Task("tasks:Parts"), 1);
  ASSERT_TRUE(pool.ok()) << pool.status();
  EXPECT_EQ((*pool)->found().spec.action().discrete(), 4);
  EXPECT_EQ((*pool)->found().spec.observation_size(), 4);
  const auto steps = Played::Episodes(**pool, {}, 1, 3);
  ASSERT_TRUE(steps.ok()) << steps.status();
  // "back" is the action, -1 + 3; "choice" is 3 + 2 % 3, the last of three.
  EXPECT_EQ(Lanes({(*steps)[1]}, 0, 1)[0],
            (std::vector<std::vector<float>>{{2}, {0}, {0}, {1}, {0}, {0}, {0}, {0}, {0}, {0}}));
}

TEST_F(PoolTest, SeveralChoicesEachCountFromTheirStart) {
  const auto pool = WorkerPool::Start(Task("tasks:Several"), 1);
  ASSERT_TRUE(pool.ok()) << pool.status();
  EXPECT_THAT((*pool)->found().spec.action().multi_discrete().choices(), ElementsAre(3, 5));
  const auto steps = Played::Episodes(**pool, {}, 1, 2);
  ASSERT_TRUE(steps.ok()) << steps.status();
  EXPECT_EQ((*steps)[1][0][0], 1);
  EXPECT_EQ((*steps)[1][1][0], 4);
}

// Five lanes are two objects of three, one environment left over.
TEST_F(PoolTest, AVectorEnvGivesTheNumbersOfItsEnvironments) {
  const env::BatchKey key{.seed = 7, .update = 3, .first_episode = 20};
  const auto single = WorkerPool::Start(Task("tasks:Drift"), 5);
  const auto vector = WorkerPool::Start(Task("tasks:VectorDrift"), 5);
  const auto two = WorkerPool::Start(Task("tasks:VectorDrift", 2), 5);
  ASSERT_TRUE(single.ok() && vector.ok() && two.ok()) << vector.status();
  const auto expected = Played::Episodes(**single, key, 5);
  ASSERT_TRUE(expected.ok()) << expected.status();
  EXPECT_EQ(Played::Episodes(**vector, key, 5).value(), *expected);
  EXPECT_EQ(Played::Episodes(**two, key, 5).value(), *expected);
  EXPECT_EQ(Played::Episodes(**vector, key, 2).value(), Lanes(*expected, 0, 2)) << "and fewer lanes after that";
}

TEST_F(PoolTest, MoreWorkersThanLanesIsNoHarm) {
  const auto pool = WorkerPool::Start(Task("tasks:Drift", 3), 4);
  ASSERT_TRUE(pool.ok()) << pool.status();
  EXPECT_TRUE(Played::Episodes(**pool, {.seed = 1}, 1).ok());
  EXPECT_TRUE(Played::Episodes(**pool, {.seed = 1}, 4).ok());
}

struct Refused {
  const char* task;
  const char* why;
};

class RefusalTest : public PoolTest, public ::testing::WithParamInterface<Refused> {};

TEST_P(RefusalTest, IsOneLineThatSaysWhatToDo) {
  const auto pool = WorkerPool::Start(Task(GetParam().task), 1);
  ASSERT_FALSE(pool.ok());
  const std::string message(pool.status().message());
  EXPECT_THAT(message, StartsWith(std::string("task ") + GetParam().task + ": "));
  EXPECT_EQ(message.rfind("task "), 0u) << "said once";
  EXPECT_THAT(message, HasSubstr(GetParam().why));
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Tasks, RefusalTest,
    ::testing::Values(
        Refused{"faults:picture",
                "Box of shape (4, 4, 3), and nmn takes vectors: wrap the environment in "
                "gymnasium.wrappers.FlattenObservation"},
        Refused{"faults:text", "the observation is a Text, and nmn takes Box, Discrete"},
        Refused{"faults:unbounded", "a bound of a Box is NaN"},
        Refused{"faults:binary",
                "the observation is a MultiBinary: wrap the environment in "
                "gymnasium.wrappers.FlattenObservation"},
        Refused{"faults:nested", "the observation['in'] is a Dict"},
        Refused{"faults:binary_action", "the action is a MultiBinary, and nmn takes Box, Discrete"},
        Refused{"faults:whole_action", "the action is a Box of int64"}, Refused{"faults:one_choice", "action"},
        Refused{"faults:no_horizon", "give the factory an attribute horizon"},
        Refused{"faults:long_horizon", "the horizon is 4294967304; it must be a whole number from 1 to 1000000"},
        Refused{"faults:horizon_of_truth", "the horizon is True; it must be a whole number"},
        Refused{"faults:horizon_of_words", "the horizon is '8'; it must be a whole number"},
        Refused{"faults:negative_version", "the version is -1; it must be a whole number"},
        Refused{"faults:version_of_words", "the version is 'two'; it must be a whole number"},
        Refused{"faults:many_choices", "a number of choices is 4294967298"},
        Refused{"faults:no_environment", "the factory returned a str without reset"},
        Refused{"faults:raises", "OSError: no simulator here"}, Refused{"faults:absent", "faults has no absent"},
        Refused{"faults", "not of the form package.module:factory"},
        Refused{"not_there.at_all:make", "there is no module not_there: Python looks for it in PYTHONPATH"},
        Refused{"mine/lock.py:Lock", "set PYTHONPATH=mine and --task_python=lock:Lock"},
        Refused{"lock.py:Lock", "found by PYTHONPATH: set --task_python=lock:Lock"},
        Refused{"mine/lock:Lock", "set PYTHONPATH=mine and --task_python=lock:Lock"}));

}  // namespace
}  // namespace nmn::bridge
