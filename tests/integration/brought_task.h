#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/integration/tiny_run.h"
#include "tests/support/python.h"

namespace nmn::testing {

// Runs of seconds on a task of the user's own. `brings`: the flags that name it, e.g. --task_plugin=FILE.
class BroughtTask : public ::testing::Test {
 protected:
  static constexpr int kUpdates = 4;

  static std::vector<std::string> Flags(std::vector<std::string> brings, const std::string& seed = "--seed=7") {
    brings.push_back(seed);
    brings.push_back("--updates=" + std::to_string(kUpdates));
    for (const char* assignment :
         {"ppo.episodes_per_update=12", "ppo.critic.replay_episodes=24", "ppo.policy.minibatch_segments=6",
          "ppo.critic.minibatch_segments=6", "work.unit_episodes=4", "checkpoint.every_updates=2",
          "network.recurrent_sizes=8", "network.hidden_sizes=4"}) {
      brings.push_back("--set");
      brings.push_back(assignment);
    }
    return brings;
  }

  static std::vector<std::string> Command(std::vector<std::string> verb, const std::vector<std::string>& flags) {
    verb.insert(verb.begin(), Binary("nmn"));
    verb.insert(verb.end(), flags.begin(), flags.end());
    return verb;
  }
  static Outcome Nmn(std::vector<std::string> verb, const std::vector<std::string>& flags) {
    return RunProcess(Command(std::move(verb), flags), std::chrono::seconds(300));
  }
  static std::vector<std::string> TrainCommand(const std::string& run, const std::vector<std::string>& brings,
                                               const std::vector<std::string>& more) {
    std::vector<std::string> verb = {"train", "--no_figure", "--run_dir=" + run};
    verb.insert(verb.end(), more.begin(), more.end());
    return Command(verb, Flags(brings));
  }
  static Outcome Train(const std::string& run, const std::vector<std::string>& brings,
                       const std::vector<std::string>& more) {
    return RunProcess(TrainCommand(run, brings, more), std::chrono::seconds(300));
  }

  // The config of such a run as a file, for learners and actors that are processes of their own.
  std::string ConfigFile(const std::vector<std::string>& brings) const {
    const Outcome config = Nmn({"train", "--print_config"}, Flags(brings));
    EXPECT_EQ(config.code, 0) << config.err;
    const std::string file = folder_.path() + "/config.textproto";
    WriteFile(file, config.out);
    return file;
  }
  // Waits until it serves; "" where it does not.
  static std::string AddressOf(Subprocess& learner) {
    const std::string before = "serving on ";
    if (!learner.WaitForOutput(before + "127.0.0.1:")) return "";
    const std::string text = learner.err();
    const size_t at = text.find(before + "127.0.0.1:") + before.size();
    return text.substr(at, text.find_first_not_of("0123456789.:", at) - at);
  }
  static std::vector<std::string> LearnerCommand(const std::string& config, const std::string& run) {
    return {Binary("nmn-learner"), "--config=" + config, "--listen=127.0.0.1:0", "--run_dir=" + run};
  }
  static std::vector<std::string> ActorCommand(const std::string& address, const std::vector<std::string>& brings) {
    std::vector<std::string> command = {Binary("nmn-actor"), "--learner=" + address};
    command.insert(command.end(), brings.begin(), brings.end());
    return command;
  }

  std::string Run() const { return folder_.path() + "/run"; }
  std::string File() const { return folder_.path() + "/file"; }  // what a task may write to

  TemporaryDirectory folder_;
};

// Of the tasks in tests/unit/bridge; skipped where there is no Python with numpy.
class BroughtPythonTask : public BroughtTask {
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

  std::string python_;
};

}  // namespace nmn::testing
