// Rows 29 to 31: a terminal that is closed, readers of the output that go, standard descriptors that were never open.

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "absl/strings/str_cat.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/fleet/records.h"
#include "tests/fault/row.h"
#include "tests/integration/tiny_run.h"

namespace nmn::fault {
namespace {

using testing::Subprocess;

constexpr int kUpdates = 8;
constexpr int kInterrupted = 75;
constexpr int kLookMilliseconds = 5;

// `nmn train`, with episodes that take long enough to be interrupted.
std::vector<std::string> Train(const std::string& run) {
  return testing::TinyTrain(run, kUpdates, {"--seed=7", "--resume", "--set", "env.step_cost_us=40"});
}

// `command` by bash, which knows it as "$0" "$@".
std::vector<std::string> InBash(const std::string& script, std::vector<std::string> command) {
  command.insert(command.begin(), {"/bin/bash", "-c", script});
  return command;
}

// Lets the run end and expects what a run without faults leaves.
void ExpectWhole(const std::string& run) {
  const testing::Outcome rest = testing::RunProcess(Train(run));
  EXPECT_EQ(rest.code, 0) << rest.err;
  ExpectRecords(run, kUpdates);
  ExpectHash(testing::WeightsHash(run), FaultFreeHash({.updates = kUpdates}));
}

// What ended a life early must have cost nothing that was trained: the checkpoint is of the newest update.
void ExpectSaved(const std::string& run) {
  const std::vector<int> updates = testing::UpdatesInMetrics(run);
  EXPECT_EQ(testing::ReadSummary(run)["updates"].get<int>(), updates.empty() ? 0 : updates.back());
}

// `nmn train` in a session of its own on a terminal of its own.
class OnATerminal {
 public:
  explicit OnATerminal(std::vector<std::string> command) {
    std::vector<char*> arguments;
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      signal(SIGHUP, SIG_DFL);
      setenv("NMN_METRICS", "127.0.0.1:0", 1);
      setenv("TERM", "xterm", 1);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
  }
  // Closes the terminal, as a window is closed or a connection ends; the exit code.
  int Close() {
    close(terminal_);
    int status = 0;
    waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  int terminal_ = -1;
  pid_t pid_ = -1;
};

void WaitForRows(const std::string& run, int update) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (testing::ReadFile(run + "/metrics.jsonl").find(absl::StrCat("\"update\":", update, ",")) ==
             std::string::npos &&
         std::chrono::steady_clock::now() < deadline) {
    poll(nullptr, 0, kLookMilliseconds);
  }
}

TEST(Row29, ARunWhoseTerminalIsClosedSavesAndGoesOn) {
  const uint64_t wanted = Count(2, 40);
  std::mt19937_64 random(29);
  uint64_t saved = 0;
  for (uint64_t life = 0; life < wanted && !HasFailure(); ++life) {
    const testing::TemporaryDirectory folder;
    const std::string run = folder.path() + "/run";
    OnATerminal train(Train(run));
    WaitForRows(run, 1 + static_cast<int>(Below(random, kUpdates - 1)));
    const int code = train.Close();
    EXPECT_TRUE(code == kInterrupted || code == 0) << code;
    saved += code == kInterrupted ? 1 : 0;
    ExpectSaved(run);
    ExpectWhole(run);
  }
  PrintFigure("29", absl::StrCat(wanted, " terminals closed, ", saved,
                                 " runs interrupted with a checkpoint of their newest update, ", HashFigure()));
}

TEST(Row30, ARunWhoseReaderHasGoneGoesOnToItsEnd) {
  const uint64_t wanted = Count(1, 20);
  for (uint64_t life = 0; life < wanted && !HasFailure(); ++life) {
    const testing::TemporaryDirectory folder;
    const std::string run = folder.path() + "/run";
    const std::string code_file = folder.path() + "/code";
    // head reads one line and goes.
    testing::RunProcess(InBash(
        R"({ "$0" "$@" >/dev/null; echo $? >")" + code_file + R"("; } 2>&1 | head -n 1 >/dev/null)", Train(run)));
    EXPECT_EQ(testing::ReadFile(code_file), "0\n");
    EXPECT_EQ(testing::UpdatesInMetrics(run).size(), static_cast<size_t>(kUpdates));
    ExpectWhole(run);
  }
  PrintFigure("30", absl::StrCat(wanted, "/", wanted, " runs ended after their reader had gone, ", HashFigure()));
}

TEST(Row30, CtrlCInAPipelineSavesThoughItsReaderDiesOfIt) {
  const uint64_t wanted = Count(2, 60);
  std::mt19937_64 random(30);
  uint64_t saved = 0;
  for (uint64_t life = 0; life < wanted && !HasFailure(); ++life) {
    const testing::TemporaryDirectory folder;
    const std::string run = folder.path() + "/run", code_file = folder.path() + "/code";
    // A process group of its own, whose pipeline gets the terminal's SIGINT as one.
    std::vector<std::string> command = InBash(
        R"(trap : INT; { trap : INT; "$0" "$@"; echo $? >")" + code_file + R"("; } 2>&1 | tee /dev/null)", Train(run));
    command.insert(command.begin(), "/usr/bin/setsid");
    Subprocess pipeline(command);
    ASSERT_TRUE(testing::WaitForUpdate(pipeline, run, 1 + static_cast<int>(Below(random, kUpdates - 1))));
    kill(-pipeline.pid(), SIGINT);
    pipeline.Wait();
    const int code = std::atoi(testing::ReadFile(code_file).c_str());
    EXPECT_TRUE(code == kInterrupted || code == 0) << code;
    saved += code == kInterrupted ? 1 : 0;
    ExpectSaved(run);
    ExpectWhole(run);
  }
  PrintFigure("30", absl::StrCat(wanted, " pipelines interrupted, ", saved,
                                 " runs cut with a checkpoint of their newest update, ", HashFigure()));
}

TEST(Row31, WithoutStandardDescriptorsARunIsStoppedAndGoesOn) {
  uint64_t tried = 0;
  for (const char* closed : {"<&- >&- 2>&-", ">&- 2>&-", "<&- 2>&-", "<&- >&-", "2>&-", ">&-", "<&-"}) {
    if (HasFailure() || (!Full() && tried >= 2)) break;
    ++tried;
    SCOPED_TRACE(closed);
    const testing::TemporaryDirectory folder;
    const std::string run = folder.path() + "/run";
    const std::vector<std::string> command = InBash(absl::StrCat(R"(exec "$0" "$@" )", closed), Train(run));
    Subprocess stopped(command);
    ASSERT_TRUE(testing::WaitForUpdate(stopped, run, 2));
    stopped.Signal(SIGTERM);
    const int code = stopped.Wait();
    EXPECT_TRUE(code == kInterrupted || code == 0) << code;
    ExpectSaved(run);
    EXPECT_EQ(testing::RunProcess(command).code, 0);
    ExpectWhole(run);
  }
  PrintFigure("31", absl::StrCat(tried, " ways to close standard descriptors, ", HashFigure()));
}

}  // namespace
}  // namespace nmn::fault
