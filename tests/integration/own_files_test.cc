// What nmn writes into a run directory, a sweep and an authority's folder is theirs: no --out replaces it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cli/own_file.h"
#include "tests/integration/tiny_run.h"

namespace nmn::testing {
namespace {

using ::testing::HasSubstr;

// Every file below `folder` but the figures, which nmn report may draw anew.
void ExpectEachIsKept(const std::string& folder) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || name.starts_with("learning_curve") || name == "evaluations.csv") continue;
    ++files;
    EXPECT_THAT(std::string(cli::RefuseOwnFile("--out", entry.path().string()).message()),
                HasSubstr("keeps for itself; choose another name"))
        << entry.path();
  }
  EXPECT_GE(files, 4u) << "nothing was written there";
  EXPECT_TRUE(cli::RefuseOwnFile("--out", folder + "/mine.safetensors").ok()) << "the name is free";
}

TEST(OwnFiles, OfARunAreKept) {
  const TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  std::vector<std::string> train =
      TinyTrain(run, 3, {"--event_log", "--set", "eval.every_updates=1", "--set", "eval.episodes=2"});
  std::erase(train, "--no_figure");
  ASSERT_EQ(RunProcess(std::move(train)).code, 0);
  ASSERT_TRUE(std::filesystem::exists(run + "/policy-best.safetensors"));
  ExpectEachIsKept(run);
}

TEST(OwnFiles, OfASweepAreKept) {
  const TemporaryDirectory folder;
  const std::string local = folder.path() + "/local", kubernetes = folder.path() + "/kubernetes";
  const Outcome trained = RunProcess(TinySweep(local, "1", 1, {"--jobs=1"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  ExpectEachIsKept(local);
  ASSERT_EQ(RunProcess({Binary("nmn"), "sweep", kubernetes, "--seeds=1", "--benchmark=b1", "--engine=kubernetes"}).code,
            0);
  ExpectEachIsKept(kubernetes);
}

TEST(OwnFiles, OfAnAuthorityAreKept) {
  const TemporaryDirectory folder;
  const std::string lab = folder.path() + "/lab";
  ASSERT_EQ(RunProcess({Binary("nmn"), "certs", "init", lab}).code, 0);
  ASSERT_EQ(RunProcess({Binary("nmn"), "certs", "issue", lab, "--operator=me"}).code, 0);
  ExpectEachIsKept(lab);
}

}  // namespace
}  // namespace nmn::testing
