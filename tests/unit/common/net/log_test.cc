#include "common/log/log.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/terminal.h"

namespace nmn::log {
namespace {

TEST(Log, WritesOneJsonObjectALineWhenStderrIsNoTerminal) {
  ::testing::internal::CaptureStderr();
  ASSERT_TRUE(log::SetUp("nmn-actor", "info").ok());
  spdlog::info("a \"quoted\" line\nand another");
  spdlog::debug("not shown");
  const std::string out = ::testing::internal::GetCapturedStderr();
  ASSERT_EQ(std::count(out.begin(), out.end(), '\n'), 1) << out;
  const nlohmann::json line = nlohmann::json::parse(out);
  EXPECT_EQ(line["message"], "a \"quoted\" line\nand another");
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["program"], "nmn-actor");
}

// What a warning looks like on a terminal.
std::string OnATerminal() {
  nmn::testing::Terminal terminal;
  const int before = dup(STDERR_FILENO);
  dup2(terminal.descriptor(), STDERR_FILENO);
  EXPECT_TRUE(log::SetUp("nmn", "info").ok());
  spdlog::warn("mind the gap");
  dup2(before, STDERR_FILENO);
  close(before);
  return terminal.Read();
}

TEST(Log, ColoursLevelsOnATerminalUnlessItIsDumbOrNoColorIsSet) {
  using nmn::testing::Variable;
  const Variable term("TERM", "xterm"), no_color("NO_COLOR", std::nullopt);
  EXPECT_THAT(OnATerminal(), ::testing::AllOf(::testing::HasSubstr("\x1b["), ::testing::HasSubstr("mind the gap")));
  {
    const Variable set("NO_COLOR", "1");
    EXPECT_THAT(OnATerminal(), ::testing::AllOf(::testing::Not(::testing::HasSubstr("\x1b")),
                                                ::testing::HasSubstr("warning mind the gap")));
  }
  const Variable dumb("TERM", "dumb");
  EXPECT_THAT(OnATerminal(), ::testing::Not(::testing::HasSubstr("\x1b")));
}

TEST(Log, WritesForPeopleWhereThatIsAskedFor) {
  ::testing::internal::CaptureStderr();
  ASSERT_TRUE(log::SetUp("nmn-actor", "info", "text").ok());
  spdlog::info("update 5/7");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::ContainsRegex("^[0-9][0-9]:[0-9][0-9]:[0-9][0-9] .*info.* update 5/7\n$"));
}

// The verbs of nmn set up their log after nmn did.
TEST(Log, TheNoteOnDroppedLinesHasTheFormatThatWasSetUpLast) {
  int log[2], ready[2];
  ASSERT_EQ(pipe(log), 0);
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(log[1], STDERR_FILENO);
    close(log[0]);
    close(log[1]);
    const bool set_up = log::SetUp("nmn", "warn", "json").ok() && log::SetUp("nmn", "info", "text").ok();
    WriteFromAThread();
    const std::string line = std::string(100'000, 'x') + "\n";
    for (int i = 0; i < 40; ++i) Say(line);
    _exit(set_up && write(ready[1], "!", 1) == 1 ? (Drain(std::chrono::seconds(20)), 0) : 1);
  }
  close(log[1]);
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);  // nothing was read until here
  std::string out;
  std::array<char, 65536> buffer{};
  for (ssize_t n = 0; (n = read(log[0], buffer.data(), buffer.size())) > 0;) out.append(buffer.data(), n);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(out, ::testing::ContainsRegex("\n[0-9]+ lines were dropped here: nobody read them\n"));
  EXPECT_THAT(out, ::testing::Not(::testing::HasSubstr("{")));
  for (const int end : {log[0], ready[0], ready[1]}) close(end);
}

TEST(Log, AnUnknownFormatNamesTheFlagAndTheFormats) {
  EXPECT_EQ(log::SetUp("nmn", "info", "xml").message(), "--log_format=xml: it must be one of auto, text, json");
}

TEST(Log, BytesThatAreNoUtf8StillGiveValidJson) { EXPECT_TRUE(nlohmann::json::accept(JsonString("bad \xff byte"))); }

TEST(Log, AnUnknownLevelNamesTheFlagAndTheLevels) {
  const absl::Status status = log::SetUp("nmn", "loud");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              ::testing::AllOf(::testing::HasSubstr("--log_level"), ::testing::HasSubstr("debug")));
}

}  // namespace
}  // namespace nmn::log
