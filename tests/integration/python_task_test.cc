// A task in Python, from the command line of a person to the weights.

#include <gmock/gmock.h>
#include <signal.h>

#include <sstream>

#include "tests/integration/tiny_run.h"
#include "tests/support/python.h"

namespace nmn::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kUpdates = 4;

class PythonTask : public ::testing::Test {
 protected:
  void SetUp() override {
    python_ = PythonWithNumpy();
    if (python_.empty()) GTEST_SKIP() << "NO PYTHON WITH NUMPY: apt-get install python3-numpy";
    setenv("PYTHONPATH", "tests/unit/bridge", 1);
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    setenv("TASK_TEST_FILE", File().c_str(), 1);
  }

  std::vector<std::string> Brings(const std::string& task) const {
    return {"--task_python=" + task, "--python=" + python_};
  }

  // Of a small run.
  std::vector<std::string> Flags(const std::string& task) const {
    std::vector<std::string> flags = Brings(task);
    flags.push_back("--seed=7");
    flags.push_back("--updates=" + std::to_string(kUpdates));
    for (const char* assignment :
         {"ppo.episodes_per_update=12", "ppo.critic.replay_episodes=24", "ppo.policy.minibatch_segments=6",
          "ppo.critic.minibatch_segments=6", "work.unit_episodes=4", "checkpoint.every_updates=2",
          "network.recurrent_sizes=8", "network.hidden_sizes=4"}) {
      flags.push_back("--set");
      flags.push_back(assignment);
    }
    return flags;
  }

  Outcome Nmn(std::vector<std::string> verb, const std::vector<std::string>& flags) const {
    verb.insert(verb.begin(), Binary("nmn"));
    verb.insert(verb.end(), flags.begin(), flags.end());
    return RunProcess(verb, std::chrono::seconds(300));
  }
  Outcome Train(const std::string& run, const std::string& task, const std::vector<std::string>& more) const {
    std::vector<std::string> verb = {"train", "--no_figure", "--run_dir=" + run};
    verb.insert(verb.end(), more.begin(), more.end());
    return Nmn(verb, Flags(task));
  }

  std::string Run() const { return folder_.path() + "/run"; }
  std::string File() const { return folder_.path() + "/file"; }

  std::string python_;
  TemporaryDirectory folder_;
};

TEST_F(PythonTask, CheckSaysWhatItIs) {
  const Outcome outcome = Nmn({"task", "check"}, Brings("tasks:Drift"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("name: \"tasks.Drift\""));
  EXPECT_THAT(outcome.out, HasSubstr("horizon: 12"));
  EXPECT_THAT(outcome.out, HasSubstr("same bits"));
}

TEST_F(PythonTask, CheckFindsATaskThatIsNoFunctionOfItsSeeds) {
  const Outcome outcome = Nmn({"task", "check"}, Brings("tasks:Restless"));
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("it is no function of the seed"));
}

TEST_F(PythonTask, CheckTellsWhereItFails) {
  const Outcome outcome = Nmn({"task", "check"}, Brings("faults:Raises"));
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("task faults:Raises, environment 2"));
  EXPECT_THAT(outcome.err, HasSubstr("step 3: ValueError: the motor is too hot"));
}

// The same weights with one actor and three, one worker and two, and over TCP with a learner that has no code of it.
TEST_F(PythonTask, WhoPlaysItReachesNoResult) {
  for (const char* task : {"tasks:Drift", "tasks:Several"}) {
    const std::string folder = folder_.path() + "/" + task;
    const Outcome one = Train(folder + "-1", task, {"--actors=1", "--threads=1"});
    ASSERT_EQ(one.code, 0) << one.err;
    const std::string hash = WeightsHash(folder + "-1");
    EXPECT_EQ(hash.size(), 64);
    const Outcome three = Train(folder + "-3", task, {"--actors=3", "--python_workers=2"});
    ASSERT_EQ(three.code, 0) << three.err;
    EXPECT_EQ(WeightsHash(folder + "-3"), hash);
  }
}

TEST_F(PythonTask, ALearnerNeedsNoCodeAndAnActorLoadsNoneThatItsOwnCommandLineDoesNotName) {
  const Outcome embedded = Train(Run(), "tasks:Drift", {"--actors=1"});
  ASSERT_EQ(embedded.code, 0) << embedded.err;
  const Outcome config = Nmn({"train", "--print_config"}, Flags("tasks:Drift"));
  ASSERT_EQ(config.code, 0) << config.err;
  WriteFile(folder_.path() + "/config.textproto", config.out);
  Subprocess learner({Binary("nmn-learner"), "--config=" + folder_.path() + "/config.textproto", "--listen=127.0.0.1:0",
                      "--run_dir=" + Run() + "-tcp"});
  ASSERT_TRUE(learner.WaitForOutput("serving on 127.0.0.1:")) << learner.err();
  const std::string text = learner.err();
  const size_t at = text.find("serving on 127.0.0.1:") + std::string("serving on ").size();
  const std::string address = text.substr(at, text.find_first_not_of("0123456789.:", at) - at);

  const Outcome without = RunProcess({Binary("nmn-actor"), "--learner=" + address});
  EXPECT_EQ(without.code, 42);
  EXPECT_THAT(without.err, HasSubstr("a task of your own that --task_python brings"));
  const Outcome other =
      RunProcess({Binary("nmn-actor"), "--learner=" + address, "--task_python=tasks:Several", "--python=" + python_});
  EXPECT_EQ(other.code, 42);
  EXPECT_THAT(other.err, AllOf(HasSubstr("task.name is "), HasSubstr("tasks.Several"), HasSubstr("tasks.Drift")));

  Subprocess actor({Binary("nmn-actor"), "--learner=" + address, "--task_python=tasks:Drift", "--python=" + python_});
  EXPECT_EQ(learner.Wait(), 0) << learner.err();
  EXPECT_EQ(actor.Wait(), 0) << actor.err();
  EXPECT_EQ(WeightsHash(Run() + "-tcp"), WeightsHash(Run()));
}

TEST_F(PythonTask, AFailureByChanceReachesNoResult) {
  const Outcome plain = Train(Run(), "tasks:Drift", {"--actors=1"});
  ASSERT_EQ(plain.code, 0) << plain.err;
  // The same task, whose process kills itself in the midst of an episode, once.
  const Outcome killed = Train(Run() + "-killed", "tasks:KilledOnce", {"--actors=1"});
  ASSERT_EQ(killed.code, 0) << killed.err;
  EXPECT_THAT(killed.err, HasSubstr("its process was killed by signal 9"));
  EXPECT_EQ(WeightsHash(Run() + "-killed"), WeightsHash(Run()));
}

TEST_F(PythonTask, AFailureThatRecursEndsTheRun) {
  const Outcome outcome = Train(Run(), "faults:Raises", {"--actors=1"});
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("step 3: ValueError: the motor is too hot"));
}

TEST_F(PythonTask, ARunIsResumedAndEvaluatedWithTheSameFlag) {
  ASSERT_EQ(Train(Run(), "tasks:Drift", {"--actors=1"}).code, 0);
  const Outcome without = Nmn({"train", "--resume", "--run_dir=" + Run()}, {});
  EXPECT_EQ(without.code, 42);
  EXPECT_THAT(without.err, HasSubstr("\"tasks.Drift\""));
  EXPECT_THAT(without.err, HasSubstr("--task_python"));
  std::vector<std::string> more = Brings("tasks:Drift");
  more.push_back("--updates=" + std::to_string(kUpdates + 1));
  const Outcome resumed = Nmn({"train", "--resume", "--no_figure", "--run_dir=" + Run()}, more);
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  const Outcome evaluated = Nmn({"eval", "--policy=" + Run(), "--episodes=20"}, Brings("tasks:Drift"));
  EXPECT_EQ(evaluated.code, 0) << evaluated.err;
  EXPECT_THAT(evaluated.out, HasSubstr("last_trial_return"));
}

}  // namespace
}  // namespace nmn::testing
