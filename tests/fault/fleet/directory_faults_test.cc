// Rows 8, 21 and 32: a run directory whose checkpoints are all corrupt, one that another learner holds, and one of a
// newer program.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/build/newer.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/fleet/records.h"
#include "tests/fault/row.h"
#include "tests/integration/tiny_run.h"

namespace nmn::fault {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Damage = std::function<void(const std::string& path)>;

constexpr int kUpdates = 8;
constexpr int kRetry = 1;
constexpr int kPermanent = 42;

// Damages one file of each checkpoint; their paths.
std::vector<std::string> DamageAll(const std::string& run, const std::string& file, const Damage& damage) {
  std::vector<std::string> paths;
  for (const auto& folder : std::filesystem::directory_iterator(run + "/checkpoints"))
    paths.push_back(folder.path().string() + "/" + file);
  for (const std::string& path : paths) damage(path);
  return paths;
}

void FlipAByte(const std::string& path) {
  std::string bytes = testing::ReadFile(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  testing::WriteFile(path, bytes);
}
void CutInHalf(const std::string& path) { std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2); }
void Empty(const std::string& path) { testing::WriteFile(path, ""); }
void Remove(const std::string& path) { std::filesystem::remove(path); }

TEST(Row8, WithAllCheckpointsCorruptEachFileAndTheFlagAreNamedAndNothingIsTrained) {
  uint64_t cases = 0, refused = 0, begun_anew = 0;
  for (const Damage& damage : {Damage(FlipAByte), Damage(CutInHalf), Damage(Empty), Damage(Remove)}) {
    for (const char* file : {"weights.safetensors", "optimizer.safetensors", "state.binpb", "MANIFEST"}) {
      ++cases;
      if (!Full() && cases % 10 != 1) continue;
      SCOPED_TRACE(absl::StrCat("case ", cases, ", ", file));
      const testing::TemporaryDirectory folder;
      const std::string run = folder.path() + "/run";
      ASSERT_EQ(testing::RunProcess(testing::TinyTrain(run, kUpdates, {"--seed=7"})).code, 0);
      const std::vector<std::string> damaged = DamageAll(run, file, damage);
      EXPECT_EQ(damaged.size(), 3u);
      const std::string rows = testing::ReadFile(run + "/metrics.jsonl");
      const std::vector<std::string> learner = {testing::Binary("nmn-learner"), "--config=" + run + "/config.textproto",
                                                "--run_dir=" + run, "--resume", "--listen=127.0.0.1:0"};
      // The second start finds them moved aside and refuses no less.
      for (const std::vector<std::string>& command :
           {learner, testing::TinyTrain(run, kUpdates, {"--seed=7", "--resume"})}) {
        const testing::Outcome outcome = testing::RunProcess(command);
        refused += outcome.code == kPermanent ? 1 : 0;
        EXPECT_EQ(outcome.code, kPermanent) << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr("--discard_corrupt"));
        for (const std::string& path : damaged) {
          const std::string name = std::filesystem::path(path).parent_path().filename();
          EXPECT_THAT(outcome.err, HasSubstr(name));
        }
      }
      EXPECT_EQ(testing::ReadFile(run + "/metrics.jsonl"), rows);
      const testing::Outcome anew =
          testing::RunProcess(testing::TinyTrain(run, kUpdates, {"--seed=7", "--resume", "--discard_corrupt"}));
      begun_anew += anew.code == 0 ? 1 : 0;
      EXPECT_EQ(anew.code, 0) << anew.err;
      EXPECT_THAT(anew.err, HasSubstr("beginning anew"));
      ExpectHash(testing::WeightsHash(run), FaultFreeHash({.updates = kUpdates}));
      ExpectRecords(run, kUpdates);
    }
  }
  PrintFigure("8", absl::StrCat(refused, " starts refused with exit code 42, files and flag named, ", begun_anew,
                                " begun anew with --discard_corrupt, ", HashFigure()));
}

// Path and content of every file in it but the lock, which names the process that has it.
std::map<std::string, std::string> Content(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file() && entry.path().filename() != ".lock")
      files[entry.path()] = testing::ReadFile(entry.path());
  }
  return files;
}

TEST(Row32, ACheckpointOfANewerProgramIsRefusedByNameAndNothingIsTouched) {
  const testing::TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  ASSERT_EQ(testing::RunProcess(testing::TinyTrain(run, kUpdates, {"--seed=7"})).code, 0);
  const std::string manifest = run + "/checkpoints/ckpt-00000008/MANIFEST";
  const std::string good = testing::ReadFile(manifest);
  ASSERT_EQ(good.rfind("format: 1\n", 0), 0u) << good;
  testing::WriteFile(manifest, "format: 2\n" + good.substr(good.find('\n') + 1) + "signature: \"new\"\n");
  const auto before = Content(run);
  const std::vector<std::string> more = testing::TinyTrain(run, kUpdates + 4, {"--seed=7", "--resume"});
  std::vector<std::string> discard = more;
  discard.push_back("--discard_corrupt");
  uint64_t refused = 0;
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{testing::Binary("nmn-learner"), "--config=" + run + "/config.textproto",
                                 "--run_dir=" + run, "--resume", "--listen=127.0.0.1:0"},
        more, discard, std::vector<std::string>{testing::Binary("nmn"), "eval", "--policy=" + run, "--episodes=1"}}) {
    const testing::Outcome outcome = testing::RunProcess(command);
    refused += outcome.code == kPermanent ? 1 : 0;
    EXPECT_EQ(outcome.code, kPermanent) << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr(manifest + " has format 2"), HasSubstr("written by " + build::Program()),
                                   HasSubstr("newer"), Not(HasSubstr("orrupt"))));
    EXPECT_EQ(Content(run), before);
  }
  testing::WriteFile(manifest, good);
  const testing::Outcome outcome = testing::RunProcess(more);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  ExpectHash(testing::WeightsHash(run), FaultFreeHash({.updates = kUpdates + 4}));
  PrintFigure("32", absl::StrCat(refused,
                                 " of 4 commands refused with exit code 42, format and program named, nothing "
                                 "touched; with the right program ",
                                 HashFigure()));
}

TEST(Row21, ASecondLearnerOnADirectoryIsRefusedAndTheFirstGoesOn) {
  const uint64_t wanted = Count(5, 100);
  const FleetOptions options{.updates = static_cast<int>(Count(20, 200)), .step_cost_us = 40};
  Fleet fleet(options);
  fleet.StartLearner();
  fleet.StartActors(2);
  ASSERT_TRUE(fleet.WaitForUpdate(1)) << fleet.learner().err();
  uint64_t tried = 0, refused = 0;
  while (tried < wanted && fleet.learner().running()) {
    std::vector<std::string> second = {testing::Binary("nmn-learner"),
                                       "--config=" + fleet.directory() + "/config.textproto",
                                       "--run_dir=" + fleet.directory(), "--listen=127.0.0.1:0"};
    if (++tried % 2 == 0) second.push_back("--resume");
    const testing::Outcome outcome = testing::RunProcess(second);
    if (!fleet.learner().running()) break;  // the directory may have been free
    refused += outcome.code == kRetry ? 1 : 0;
    EXPECT_EQ(outcome.code, kRetry) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(fleet.directory()));
  }
  EXPECT_GT(refused, 0u);
  fleet.ExpectWholeRun();
  PrintFigure("21",
              absl::StrCat(refused, " second learners refused with exit code 1, the directory named; one writer, ",
                           HashFigure()));
}

}  // namespace
}  // namespace nmn::fault
