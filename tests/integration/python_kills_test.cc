// A task in Python under kill -9: of a worker, of an actor and of the learner, in one process and over TCP, the weights
// are those of a run that nobody disturbed. And a signal while a step hangs.

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "tests/integration/brought_task.h"

namespace nmn::testing {
namespace {

using ::testing::HasSubstr;

constexpr int kKilled = 128 + SIGKILL;

class Kills : public BroughtPythonTask, public ::testing::WithParamInterface<int> {
 protected:
  int actors() const { return GetParam(); }
  std::string ActorsFlag() const { return "--actors=" + std::to_string(actors()); }
  // tasks:KillsOnce kills, once: itself, its parent, or the process whose number is in a file.
  static void SetVictim(const std::string& victim) { setenv("TASK_TEST_VICTIM", victim.c_str(), 1); }
  bool SomebodyWasKilled() const { return std::filesystem::exists(File()); }

  std::string PlainHash() {
    const Outcome plain = Train(Run() + "-plain", Brings("tasks:Drift"), {"--actors=1"});
    EXPECT_EQ(plain.code, 0) << plain.err;
    return WeightsHash(Run() + "-plain");
  }
  std::vector<Subprocess> Actors(const std::string& address) const {
    std::vector<Subprocess> actors;
    for (int i = 0; i < GetParam(); ++i) actors.emplace_back(ActorCommand(address, Brings("tasks:KillsOnce")));
    return actors;
  }
};

TEST_P(Kills, OfAWorkerReachNoResult) {
  const std::string hash = PlainHash();
  SetVictim("worker");
  const Outcome embedded = Train(Run(), Brings("tasks:KillsOnce"), {ActorsFlag()});
  ASSERT_EQ(embedded.code, 0) << embedded.err;
  EXPECT_THAT(embedded.err, HasSubstr("its process was killed by signal 9"));
  EXPECT_EQ(WeightsHash(Run()), hash);

  std::filesystem::remove(File());
  Subprocess learner(LearnerCommand(ConfigFile(Brings("tasks:Drift")), Run() + "-tcp"));
  const std::string address = AddressOf(learner);
  ASSERT_FALSE(address.empty()) << learner.err();
  std::vector<Subprocess> actors = Actors(address);
  EXPECT_EQ(learner.Wait(), 0) << learner.err();
  for (Subprocess& actor : actors) EXPECT_EQ(actor.Wait(), 0) << actor.err();
  EXPECT_TRUE(SomebodyWasKilled());
  EXPECT_EQ(WeightsHash(Run() + "-tcp"), hash);
}

TEST_P(Kills, OfAnActorReachNoResult) {
  const std::string hash = PlainHash();
  SetVictim("parent");
  Subprocess learner(LearnerCommand(ConfigFile(Brings("tasks:Drift")), Run()));
  const std::string address = AddressOf(learner);
  ASSERT_FALSE(address.empty()) << learner.err();
  std::vector<Subprocess> actors = Actors(address);
  if (actors.size() == 1) {
    EXPECT_EQ(actors[0].Wait(), kKilled);
    actors = Actors(address);
  }
  EXPECT_EQ(learner.Wait(), 0) << learner.err();
  int killed = 0;
  for (Subprocess& actor : actors) killed += actor.Wait() == kKilled ? 1 : 0;
  EXPECT_EQ(killed, actors.size() == 1 ? 0 : 1);
  EXPECT_TRUE(SomebodyWasKilled());
  EXPECT_EQ(WeightsHash(Run()), hash);
}

TEST_P(Kills, OfTheLearnerReachNoResult) {
  const std::string hash = PlainHash(), config = ConfigFile(Brings("tasks:Drift"));
  SetVictim(folder_.path() + "/pid");
  std::vector<Subprocess> actors;
  std::string address;
  {
    Subprocess learner(LearnerCommand(config, Run()));
    WriteFile(folder_.path() + "/pid", std::to_string(learner.pid()));
    address = AddressOf(learner);
    ASSERT_FALSE(address.empty()) << learner.err();
    actors = Actors(address);
    EXPECT_EQ(learner.Wait(), kKilled);
  }
  const Outcome again = RunProcess(
      {Binary("nmn-learner"), "--config=" + config, "--listen=" + address, "--run_dir=" + Run(), "--resume"});
  EXPECT_EQ(again.code, 0) << again.err;
  for (Subprocess& actor : actors) {
    // One that was between two tries to reach the learner while it came back and ended waits for the next learner.
    if (!actor.EndsWithin(std::chrono::seconds(20))) actor.Signal(SIGTERM);
    EXPECT_EQ(actor.Wait(), 0) << actor.err();
  }
  EXPECT_EQ(WeightsHash(Run()), hash);
}

// nmn train is learner and actors in one.
TEST_P(Kills, OfTheWholeProgramReachNoResult) {
  const std::string hash = PlainHash();
  SetVictim("parent");
  EXPECT_EQ(Train(Run(), Brings("tasks:KillsOnce"), {ActorsFlag()}).code, kKilled);
  const Outcome resumed = Train(Run(), Brings("tasks:KillsOnce"), {ActorsFlag(), "--resume"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(WeightsHash(Run()), hash);
}

// A step that does not return is not waited for, though its time-out is ten minutes: there is a checkpoint, and no
// process of the task is left.
TEST_P(Kills, CtrlCEndsARunWhoseTaskHangs) {
  const Outcome plain = Train(Run() + "-plain", Brings("tasks:Drift"), {"--actors=1"});
  ASSERT_EQ(plain.code, 0) << plain.err;
  Subprocess train(TrainCommand(Run(), Brings("tasks:HangsOnce"), {ActorsFlag(), "--python_timeout=600"}));
  ASSERT_TRUE(train.WaitForOutput("it hangs")) << train.err();
  train.Signal(SIGINT);
  EXPECT_EQ(train.Wait(), 75) << train.err();
  EXPECT_THAT(train.err(), HasSubstr("--resume"));
  const std::string worker = ReadFile(File());
  EXPECT_FALSE(worker.empty());
  EXPECT_FALSE(std::filesystem::exists("/proc/" + worker)) << "a process of the task is left";
  const Outcome resumed = Train(Run(), Brings("tasks:HangsOnce"), {ActorsFlag(), "--resume"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(WeightsHash(Run()), WeightsHash(Run() + "-plain"));
}

TEST_P(Kills, ATermEndsAnActorWhoseTaskHangs) {
  Subprocess learner(LearnerCommand(ConfigFile(Brings("tasks:Drift")), Run()));
  const std::string address = AddressOf(learner);
  ASSERT_FALSE(address.empty()) << learner.err();
  std::vector<std::string> brings = Brings("tasks:HangsOnce");
  brings.push_back("--python_timeout=600");
  Subprocess actor(ActorCommand(address, brings));
  ASSERT_TRUE(actor.WaitForOutput("it hangs")) << actor.err();
  actor.Signal(SIGTERM);
  EXPECT_EQ(actor.Wait(), 0) << actor.err();
  EXPECT_FALSE(std::filesystem::exists("/proc/" + ReadFile(File()))) << "a process of the task is left";
}

// As one that waits for a disk: SIGKILL does not end it.
TEST_F(BroughtPythonTask, AWorkerThatCannotBeKilledHoldsUpNoEnd) {
  const std::string freezer = "/sys/fs/cgroup/freezer/nmn-test-" + std::to_string(getpid());
  std::error_code error;
  if (!std::filesystem::exists("/sys/fs/cgroup/freezer/cgroup.procs") ||
      !std::filesystem::create_directory(freezer, error))
    GTEST_SKIP() << "NO FREEZER: only root has the cgroup, and only of version 1";
  setenv("TASK_TEST_FREEZER", freezer.c_str(), 1);
  std::vector<std::string> brings = Brings("faults:Freezes");
  brings.emplace_back("--python_timeout=1");
  Subprocess train(TrainCommand(folder_.path() + "/run", brings, {"--actors=1"}));
  EXPECT_TRUE(train.WaitForOutput("no answer for 1 s")) << train.err();
  train.Signal(SIGTERM);
  train.Wait();
  EXPECT_THAT(train.err(), HasSubstr("was killed and does not end: it is frozen or waits for a disk"));
  WriteFile(freezer + "/freezer.state", "THAWED");
  for (int i = 0; i < 200 && !std::filesystem::remove(freezer, error); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(std::filesystem::exists(freezer)) << "a process of the task is left";
}

INSTANTIATE_TEST_SUITE_P(Actors, Kills, ::testing::Values(1, 3));

}  // namespace
}  // namespace nmn::testing
