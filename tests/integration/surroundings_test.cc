// What surrounds a process and is not as it should be: descriptors, limits, signals, disks, paths. Each ends with one
// line and a documented code, or does not matter.

#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>

#include "tests/integration/tiny_run.h"

namespace nmn::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kRetry = 1;
constexpr int kInterrupted = 75;

// `command` after `setting` and with `redirection`, both of a shell.
std::vector<std::string> InShell(const std::string& setting, std::vector<std::string> command,
                                 const std::string& redirection = "") {
  command.insert(command.begin(), {"/bin/sh", "-c", setting + "\nexec \"$0\" \"$@\" " + redirection});
  return command;
}

void ExpectOneLine(const Outcome& outcome, int code, const ::testing::Matcher<std::string>& message) {
  EXPECT_EQ(outcome.code, code) << outcome.err;
  EXPECT_THAT(outcome.err, message);
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

TEST(Surroundings, TooFewDescriptorsAreRefusedAtTheStartWithTheirNumber) {
  const TemporaryDirectory folder;
  const auto expect_refused = [](const std::vector<std::string>& command, int limit) {
    SCOPED_TRACE(command[0] + " with " + std::to_string(limit));
    ExpectOneLine(RunProcess(InShell("ulimit -n " + std::to_string(limit), command)), kRetry,
                  AllOf(StartsWith("nmn"), HasSubstr("needs 40"), HasSubstr("ulimit -n")));
  };
  for (int limit = 5; limit <= 16; ++limit) expect_refused({Binary("nmn-actor"), "--learner=127.0.0.1:1"}, limit);
  for (const int limit : {6, 11}) {
    expect_refused(TinyTrain(folder.path() + "/run", 1), limit);
    expect_refused({Binary("nmn-learner"), "--config=/nowhere"}, limit);
  }
}

TEST(Surroundings, ASoftLimitOfDescriptorsIsRaised) {
  EXPECT_EQ(RunProcess(InShell("ulimit -S -n 8", {Binary("nmn"), "version"})).code, 0);
}

TEST(Surroundings, WithTheDescriptorsThatItAsksForARunEnds) {
  const TemporaryDirectory folder;
  const Outcome outcome =
      RunProcess(InShell("ulimit -n 48", TinyTrain(folder.path() + "/run", 4, {"--listen=127.0.0.1:0"})));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST(Surroundings, WithEveryStandardDescriptorClosedARunEnds) {
  for (const char* closed : {"<&- >&- 2>&-", "<&-", ">&-", "2>&-"}) {
    SCOPED_TRACE(closed);
    const TemporaryDirectory folder;
    const std::string run = folder.path() + "/run";
    EXPECT_EQ(RunProcess(InShell("", TinyTrain(run, 4), closed)).code, 0);
    EXPECT_EQ(UpdatesInMetrics(run).size(), 4u);
  }
}

TEST(Surroundings, OutputThatCannotBeWrittenIsAnErrorWithItsReason) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"nmn", "version"},
           {"nmn", "--help"},
           {"nmn", "train", "--benchmark=b1", "--print_config"},
           {"nmn", "eval", "--benchmark=b1", "--policy=zero", "--episodes=2", "--json"},
           {"nmn", "trace", "--benchmark=b1", "--policy=zero"},
           {"nmn-learner", "--version"},
           {"nmn-actor", "--learner=h:1", "--print_config"}}) {
    std::vector<std::string> command = words;
    command[0] = Binary(words[0]);
    SCOPED_TRACE(words[0] + " " + words[1]);
    ExpectOneLine(RunProcess(InShell("", command, ">/dev/full")), kRetry,
                  HasSubstr("cannot write stdout: No space left on device"));
    ExpectOneLine(RunProcess(InShell("", command, ">&-")), kRetry,
                  HasSubstr("cannot write stdout: Bad file descriptor"));
    EXPECT_EQ(RunProcess(command).code, 0);
  }
}

TEST(Surroundings, AReaderOfAFilterThatHasGoneEndsItQuietly) {
  const Outcome outcome = RunProcess(
      {"/bin/bash", "-c",
       R"("$0" trace --benchmark=b1 --policy=zero --episodes=1000 | head -n 1; echo ${PIPESTATUS[0]})", Binary("nmn")});
  EXPECT_THAT(outcome.out, AllOf(StartsWith("episode,t"), EndsWith("\n" + std::to_string(128 + SIGPIPE) + "\n")));
  EXPECT_EQ(outcome.err, "");
}

}  // namespace
}  // namespace nmn::testing
