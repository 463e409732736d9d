// Tasks that go wrong in the midst of an episode: each is one line that says where, and leaves no process.

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "tests/unit/bridge/pool.h"

namespace nmn::bridge {
namespace {

using ::testing::HasSubstr;

constexpr env::BatchKey kKey{.seed = 1, .update = 2, .first_episode = 40};

struct Fault {
  const char* factory;
  absl::StatusCode code;
  const char* cause;  // after the colon of the step
};

class FaultTest : public PoolTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(FaultTest, IsOneLineThatNamesEnvironmentStepAndCause) {
  PythonTask task = Task(std::string("faults:") + GetParam().factory);
  if (GetParam().code == absl::StatusCode::kDeadlineExceeded) task.step_limit = std::chrono::seconds(2);
  const auto pool = WorkerPool::Start(task, 4);
  ASSERT_TRUE(pool.ok()) << pool.status();
  const auto steps = Played::Episodes(**pool, kKey, 4);
  ASSERT_FALSE(steps.ok());
  EXPECT_EQ(steps.status().code(), GetParam().code);
  const std::string message(steps.status().message());
  EXPECT_THAT(message, HasSubstr("task faults:" + std::string(GetParam().factory) +
                                 ", environment 2 (update 2, episode 42), step 3: " + GetParam().cause));
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Tasks, FaultTest,
    ::testing::Values(
        Fault{"Raises", absl::StatusCode::kAborted, "ValueError: the motor is too hot"},
        Fault{"RaisesOfAFileThatIsNotUtf8", absl::StatusCode::kAborted, "ValueError: no file caf\\udce9 xxx"},
        Fault{"CutsTheMemory", absl::StatusCode::kAborted, "PermissionError: [Errno 1] Operation not permitted"},
        Fault{"RaisesInReset", absl::StatusCode::kAborted, "reset: RuntimeError: no way back"},
        Fault{"Hangs", absl::StatusCode::kDeadlineExceeded, "no answer for 2 s"},
        Fault{"LeavesItsGroupAndHangs", absl::StatusCode::kDeadlineExceeded, "no answer for 2 s"},
        Fault{"Exits", absl::StatusCode::kAborted, "SystemExit: 3"},
        Fault{"EndsAtOnce", absl::StatusCode::kUnavailable, "its process ended with exit code 7"},
        Fault{"IsKilled", absl::StatusCode::kUnavailable, "its process was killed by signal 9 (Killed)"},
        Fault{"TakesAllMemory", absl::StatusCode::kAborted, "MemoryError"},
        Fault{"IsNotANumber", absl::StatusCode::kOutOfRange, "number 1 of the observation is nan"},
        Fault{"HasNoReward", absl::StatusCode::kAborted, "the reward is a NoneType, and must be a number"},
        Fault{"RewardIsInfinite", absl::StatusCode::kOutOfRange, "the reward is inf"},
        Fault{"RewardHas400Digits", absl::StatusCode::kAborted, "the reward is larger than any float32; scale it down"},
        Fault{"WrongShape", absl::StatusCode::kAborted, "the observation has shape (3,), and its space says (2,)"},
        Fault{"WrongType", absl::StatusCode::kAborted, "the observation is float64, and its space says float32"},
        Fault{"List", absl::StatusCode::kAborted, "the observation is a list, and its space says an array of float32"},
        Fault{"OutsideTheBox", absl::StatusCode::kOutOfRange,
              "number 1 of the observation is 1.5, and its space says -1 to 1"},
        Fault{"EndsInWords", absl::StatusCode::kAborted,
              "terminated and truncated are a str and a bool, and must be bool"},
        Fault{"FourValues", absl::StatusCode::kAborted, "it returned no tuple (observation, reward, terminated"}),
    [](const auto& info) { return info.param.factory; });

TEST_F(PoolTest, TheNextResetBeginsAWorkerAnew) {
  const auto pool = WorkerPool::Start(Task("faults:FailsOnce", 2), 7);
  ASSERT_TRUE(pool.ok()) << pool.status();
  const auto first = Played::Episodes(**pool, kKey, 7);
  EXPECT_THAT(std::string(first.status().message()), HasSubstr("step 3: ValueError: the first time"));
  EXPECT_TRUE(Played::Episodes(**pool, kKey, 7).ok());
  EXPECT_TRUE(Played::Episodes(**pool, kKey, 7).ok());
}

// Blocks until the process has ended; false where it lives on.
bool IsGone(int pid) {
  const fs::Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process.ok()) return true;
  pollfd wait{process.get(), POLLIN, 0};
  return poll(&wait, 1, 10000) == 1;
}

TEST_F(PoolTest, NothingOfATaskThatForksIsLeft) {
  int worker = 0, child = 0;
  {
    const auto pool = WorkerPool::Start(Task("faults:Forks"), 3);
    ASSERT_TRUE(pool.ok()) << pool.status();
    const auto steps = Played::Episodes(**pool, kKey, 3);
    EXPECT_TRUE(steps.ok()) << steps.status();
    std::istringstream(testing::ReadFile(File())) >> worker >> child;
    ASSERT_GT(child, 0);
    EXPECT_EQ(kill(child, 0), 0) << "it lives as long as the worker";
  }
  EXPECT_TRUE(IsGone(worker));
  EXPECT_TRUE(IsGone(child));
}

TEST_F(PoolTest, NothingIsLeftWhenItsParentIsKilled) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int parent = fork();
  if (parent == 0) {
    const auto pool = WorkerPool::Start(Task("faults:Forks"), 3);
    if (!pool.ok() || !Played::Episodes(**pool, kKey, 3).ok()) _exit(1);
    (void)!write(ends[1], ".", 1);
    while (true) pause();
  }
  close(ends[1]);
  char byte = 0;
  ASSERT_EQ(read(ends[0], &byte, 1), 1);
  int worker = 0, child = 0;
  std::istringstream(testing::ReadFile(File())) >> worker >> child;
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  EXPECT_TRUE(IsGone(worker));
  EXPECT_TRUE(IsGone(child));
  close(ends[0]);
}

}  // namespace
}  // namespace nmn::bridge
