// Row 19: an update whose numbers are not finite, and one reverted update after another, as docs/specification.md
// section 3.9 has it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/safetensors/safetensors.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/row.h"
#include "tests/integration/tiny_run.h"

namespace nmn::fault {
namespace {

using ::testing::HasSubstr;

constexpr int kPermanent = 42;

// Of a file that must be there and hold finite numbers only.
size_t FiniteTensors(const std::string& path) {
  const absl::StatusOr<SafetensorsFile> file = DecodeSafetensors(testing::ReadFile(path));
  EXPECT_TRUE(file.ok()) << path << ": " << file.status();
  if (!file.ok()) return 0;
  for (const NamedTensor& tensor : file->tensors) {
    EXPECT_TRUE(std::all_of(tensor.values.begin(), tensor.values.end(), [](float v) { return std::isfinite(v); }))
        << path << ": " << tensor.name;
  }
  return file->tensors.size();
}

void ExpectFiniteCheckpoints(const std::string& run) {
  size_t tensors = 0;
  for (const auto& folder : std::filesystem::directory_iterator(run + "/checkpoints")) {
    for (const char* file : {"/weights.safetensors", "/optimizer.safetensors"})
      tensors += FiniteTensors(folder.path().string() + file);
  }
  EXPECT_GT(tensors, 0u);
}

TEST(Row19, AnUpdateThatIsNotFiniteEndsTheRunWithADumpAndGoesOnWithoutItsCause) {
  const FleetOptions options{.updates = 8};
  const std::vector<int> updates = Full() ? std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8} : std::vector<int>{5};
  for (const int update : updates) {
    SCOPED_TRACE(absl::StrCat("update ", update));
    Fleet fleet(options);
    fleet.StartLearner({absl::StrCat("NMN_FAILPOINTS=run.update.poison=hit:", update, ":error:DATA_LOSS")});
    fleet.StartActors(2);
    ASSERT_EQ(fleet.learner().Wait(), kPermanent) << fleet.learner().err();
    EXPECT_THAT(fleet.learner().err(), HasSubstr("a critic parameter is not finite"));
    const std::string dump = absl::StrCat(fleet.directory(), "/failed-update-", update, ".safetensors");
    EXPECT_THAT(fleet.learner().err(), HasSubstr(dump));
    EXPECT_GE(FiniteTensors(dump), 6u);
    ExpectFiniteCheckpoints(fleet.directory());
    // Both networks were put back: from the checkpoint of its end the run goes on to the weights of any other.
    fleet.StartLearner();
    fleet.ExpectWholeRun();
    EXPECT_EQ(RestoredUpdate(fleet.learner().err()), update - 1);
  }
  if (HasFailure()) return;
  PrintFigure("19", absl::StrCat(updates.size(), "/", updates.size(),
                                 " non-finite updates: exit code 42, episodes kept, checkpoints finite; "
                                 "after a resume without the fault ",
                                 HashFigure()));
}

TEST(Row19, RevertsInARowEndTheRunAndTheLastCheckpointIsGood) {
  const testing::TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  const std::vector<std::string> diverging = {"--set", "ppo.policy.learning_rate=1", "--set",
                                              "work.max_consecutive_reverts=3"};
  testing::Outcome outcome = testing::RunProcess(testing::TinyTrain(run, 50, diverging));
  EXPECT_EQ(outcome.code, kPermanent) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("training has diverged: 3 policy updates were reverted in a row"));
  EXPECT_EQ(testing::UpdatesInMetrics(run).size(), 2u);
  ExpectFiniteCheckpoints(run);
  std::vector<std::string> again = diverging;
  again.push_back("--resume");
  outcome = testing::RunProcess(testing::TinyTrain(run, 50, again));
  EXPECT_EQ(outcome.code, kPermanent) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("training has diverged"));
  if (HasFailure()) return;
  PrintFigure("19", "3 reverted updates in a row: exit code 42, checkpoints finite, again after a resume");
}

}  // namespace
}  // namespace nmn::fault
