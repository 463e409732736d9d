#include "cli/command/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <string>

#include "cli/command/child.h"
#include "tests/support/subprocess.h"

namespace nmn::command {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr int kLimitMilliseconds = 60000;

// Blocks until the child ends.
int Await(Child& child) {
  pollfd event{child.descriptor(), POLLIN, 0};
  poll(&event, 1, kLimitMilliseconds);
  return child.Ended();
}

TEST(Command, CollectsBothStreamsAndTheExitCode) {
  const absl::StatusOr<Result> result = command::Run({"sh", "-c", "echo out; echo err >&2; exit 3"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->out, "out\n");
  EXPECT_EQ(result->err, "err\n");
  EXPECT_EQ(result->LastWords(), "err");
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(command::Run({"sh", "-c", "echo out"})->LastWords(), "out");
  // More than a pipe holds, on both at once.
  const absl::StatusOr<Result> much =
      command::Run({"sh", "-c", "head -c 300000 /dev/zero >&2 & head -c 300000 /dev/zero; wait"});
  EXPECT_EQ(much->out.size(), 300000u);
  EXPECT_EQ(much->err.size(), 300000u);
}

TEST(Command, AProgramThatDoesNotEndIsKilled) {
  const absl::Status status = command::Run({"sleep", "1000"}, std::chrono::milliseconds(50)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(std::string(status.message()), "sleep had not ended after 0.05 s, and was killed");
}

// As a gnuplot would that ignores the signal and has closed its streams.
TEST(Command, AProgramThatClosedItsStreamsAndIgnoresSignalsIsKilled) {
  const absl::Status status = command::Run({"sh", "-c", "trap '' TERM INT; exec >&- 2>&-; while :; do sleep 0.1; done"},
                                           std::chrono::milliseconds(50))
                                  .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
}

TEST(Command, WhatAProgramLeavesBehindIsNotWaitedFor) {
  const absl::StatusOr<Result> result = command::Run({"sh", "-c", "echo out; sleep 30 & echo $! >&2"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->out, "out\n");
  EXPECT_EQ(result->exit_code, 0);
  kill(std::stoi(result->err), SIGKILL);
}

TEST(Command, ASignalIsAnExitCodeAbove128) {
  EXPECT_EQ(command::Run({"sh", "-c", "kill -9 $$"})->exit_code, 128 + SIGKILL);
}

TEST(Command, ASignalThatIsIgnoredHereEndsTheProgram) {
  const testing::TemporaryDirectory folder;
  std::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(command::Run({"sh", "-c", "kill -PIPE $$"})->exit_code, 128 + SIGPIPE);
  absl::StatusOr<std::unique_ptr<Child>> child =
      Child::Start({"/bin/sh", "-c", "kill -PIPE $$"}, {}, folder.path() + "/log");
  std::signal(SIGPIPE, SIG_DFL);
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(Await(**child), 128 + SIGPIPE);
}

TEST(Command, VariablesAreLeftOut) {
  ASSERT_EQ(setenv("NMN_TEST_LEFT", "a", 1) + setenv("NMN_TEST_LEFT_IN", "b", 1), 0);
  const auto seen = [](const std::vector<std::string>& without) {
    return command::Run({"sh", "-c", "echo $NMN_TEST_LEFT $NMN_TEST_LEFT_IN"}, kLimit, "", without)->out;
  };
  EXPECT_EQ(seen({}), "a b\n");
  EXPECT_EQ(seen({"NMN_TEST_LEFT"}), "b\n");
}

TEST(Command, NoShellReadsTheArguments) { EXPECT_EQ(command::Run({"echo", "$HOME", ";"})->out, "$HOME ;\n"); }

TEST(Command, AMissingProgramIsNamed) {
  const absl::StatusOr<Result> result = command::Run({"no-such-program"});
  EXPECT_TRUE(absl::IsNotFound(result.status()));
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("no-such-program is not in PATH"));
}

TEST(Command, LastLineSkipsEmptyEnds) {
  EXPECT_EQ(LastLine("a\nb\n\n"), "b");
  EXPECT_EQ(LastLine("only"), "only");
  EXPECT_EQ(LastLine("\n"), "it said nothing");
}

TEST(Command, ASiblingLiesBesideThisProgram) {
  const absl::StatusOr<std::string> self = Sibling("unit_cli_command");
  ASSERT_TRUE(self.ok()) << self.status();
  EXPECT_THAT(*self, EndsWith("/unit_cli_command"));
  EXPECT_THAT(std::string(Sibling("no-such-program").status().message()), HasSubstr("/no-such-program is missing"));
}

TEST(Child, AppendsToItsLogAndTellsItsExitCode) {
  const testing::TemporaryDirectory folder;
  const std::string log = folder.path() + "/log";
  testing::WriteFile(log, "before\n");
  auto child = Child::Start({"/bin/sh", "-c", "echo $WORD; echo $HOME >&2; exit 75"}, {"WORD=here"}, log);
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ(Await(**child), 75);
  EXPECT_EQ(testing::ReadFile(log), "before\nhere\n\n");
}

TEST(Child, ALogThatIsAPipeWhichNobodyReadsIsNotWaitedFor) {
  const testing::TemporaryDirectory folder;
  const std::string log = folder.path() + "/log";
  ASSERT_EQ(mkfifo(log.c_str(), 0600), 0);
  EXPECT_THAT(std::string(Child::Start({"/bin/true"}, {}, log).status().message()),
              ::testing::HasSubstr("cannot write " + log));
}

// What may pass is told from what will not.
TEST(Child, ALogThatCannotBeWrittenHasTheCodeOfItsReason) {
  const testing::TemporaryDirectory folder;
  const absl::Status status = Child::Start({"/bin/true"}, {}, folder.path() + "/none/log").status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_EQ(std::string(status.message()), "cannot write " + folder.path() + "/none/log: No such file or directory");
}

TEST(Child, AProgramThatCannotBeStartedIsNamedWithTheReason) {
  const testing::TemporaryDirectory folder;
  const absl::Status status = Child::Start({"/no/such/program"}, {}, folder.path() + "/log").status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_EQ(std::string(status.message()), "cannot start /no/such/program: No such file or directory");
}

TEST(Child, HasEndedAlsoWhereAnotherTookItsCode) {
  const testing::TemporaryDirectory folder;
  auto child = Child::Start({"/bin/true"}, {}, folder.path() + "/log");
  ASSERT_TRUE(child.ok()) << child.status();
  ASSERT_GT(waitpid(-1, nullptr, 0), 0);
  EXPECT_EQ((*child)->Ended(), 1);
}

TEST(Child, ASignalReachesIt) {
  const testing::TemporaryDirectory folder;
  auto child = Child::Start({"/bin/sleep", "1000"}, {}, folder.path() + "/log");
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_EQ((*child)->Ended(), -1);
  (*child)->Signal(SIGTERM);
  EXPECT_EQ(Await(**child), 128 + SIGTERM);
}

TEST(Child, ALogThatCannotBeWrittenIsNamed) {
  const auto child = Child::Start({"/bin/true"}, {}, "/proc/no/log");
  EXPECT_THAT(std::string(child.status().message()), HasSubstr("cannot write /proc/no/log"));
}

}  // namespace
}  // namespace nmn::command
