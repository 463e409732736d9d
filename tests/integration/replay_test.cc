// nmn replay on the dump of a run that really diverged.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/integration/surroundings.h"
#include "tests/integration/tiny_run.h"

namespace nmn::testing {
namespace {

using ::testing::HasSubstr;

// A run whose policy steps are so large that updates 1 and 2 are reverted; that ends it. The path of its dump.
std::string DivergedRun(const TemporaryDirectory& folder) {
  const Outcome run = RunProcess(
      TinyTrain(folder.path(), 5,
                {"--seed=1", "--set", "ppo.policy.learning_rate=1", "--set", "work.max_consecutive_reverts=2"}));
  EXPECT_EQ(run.code, 42) << run.err;
  EXPECT_THAT(run.err, HasSubstr("training has diverged: 2 policy updates"));
  EXPECT_EQ(ReadSummary(folder.path())["ended_by"], "failure");
  EXPECT_THAT(run.err, HasSubstr("nmn replay " + folder.path() + "/failed-update-2.safetensors"));
  return folder.path() + "/failed-update-2.safetensors";
}

TEST(NmnReplay, ReproducesTheFailureOfADivergedRun) {
  const TemporaryDirectory folder;
  const std::string dump = DivergedRun(folder);
  if (!kSanitized && AnotherUserReachesThePrograms()) {
    std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
    std::filesystem::permissions(dump, std::filesystem::perms::all);
    // A library would wait for ever for a thread that it did not get.
    ExpectOneLine(RunProcess(LimitedToProcesses({Binary("nmn"), "replay", dump}, 3)), kRetry, HasSubstr("ulimit -u"));
  }
  const Outcome table = RunProcess({Binary("nmn"), "replay", dump});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("policy, first not finite: the loss of epoch 2, minibatch 1"));
  EXPECT_THAT(table.out, HasSubstr("\nreproduced\n"));

  const Outcome outcome = RunProcess({Binary("nmn"), "replay", dump, "--threads=2", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json.at("update"), 2);
  EXPECT_EQ(json.at("now"), json.at("recorded"));
  EXPECT_EQ(json.at("policy").at("steps").size(), 3u);  // ppo.policy.epochs
  EXPECT_EQ(json.at("arrays").at("reward").at("numbers"), 120 * 20);
}

TEST(NmnReplay, ADamagedDumpIsNamed) {
  const TemporaryDirectory folder;
  const std::string dump = DivergedRun(folder);
  std::string bytes = ReadFile(dump);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  WriteFile(dump, bytes);
  const Outcome outcome = RunProcess({Binary("nmn"), "replay", dump});
  EXPECT_EQ(outcome.code, 42);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("nmn replay: " + dump + ": its content does not match its sha256"));
}

TEST(NmnReplay, AMissingDumpIsNamed) {
  const TemporaryDirectory folder;
  ExpectOneLine(RunProcess({Binary("nmn"), "replay", folder.path()}), kPermanent,
                HasSubstr("is a folder; there is no failed-update-N.safetensors in it"));
  WriteFile(folder.path() + "/failed-update-3.safetensors", "");
  ExpectOneLine(RunProcess({Binary("nmn"), "replay", folder.path()}), kPermanent,
                HasSubstr("name its failed update: " + folder.path() + "/failed-update-3.safetensors"));
  const Outcome outcome = RunProcess({Binary("nmn"), "replay", "/nowhere/failed-update-1.safetensors"});
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("/nowhere/failed-update-1.safetensors"));
}

}  // namespace
}  // namespace nmn::testing
