#include "common/log/log.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

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
