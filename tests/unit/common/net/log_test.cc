#include "common/log/log.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

namespace nmn::log {
namespace {

TEST(Log, WritesOneJsonObjectALineWhenStderrIsNoTerminal) {
  testing::internal::CaptureStderr();
  ASSERT_TRUE(log::SetUp("nmn-actor", "info").ok());
  spdlog::info("a \"quoted\" line\nand another");
  spdlog::debug("not shown");
  const std::string out = testing::internal::GetCapturedStderr();
  ASSERT_EQ(std::count(out.begin(), out.end(), '\n'), 1) << out;
  const nlohmann::json line = nlohmann::json::parse(out);
  EXPECT_EQ(line["message"], "a \"quoted\" line\nand another");
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["program"], "nmn-actor");
}

TEST(Log, BytesThatAreNoUtf8StillGiveValidJson) {
  EXPECT_NO_FATAL_FAILURE(nlohmann::json::parse(JsonString("bad \xff byte")));
}

TEST(Log, AnUnknownLevelNamesTheFlagAndTheLevels) {
  const absl::Status status = log::SetUp("nmn", "loud");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              testing::AllOf(testing::HasSubstr("--log_level"), testing::HasSubstr("debug")));
}

}  // namespace
}  // namespace nmn::log
