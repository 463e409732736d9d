#include "learner/run/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include "common/config/config.h"
#include "common/digest/sha256.h"
#include "common/safetensors/safetensors.h"
#include "tests/unit/learner/run/records_fixture.h"

namespace nmn::run {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char* const kGrowing[] = {"metrics.jsonl", "episodes.csv", "events.out.tfevents.nmn"};

class RunDirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "nmn_run_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    Reopen();
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void Reopen() {
    auto run = RunDirectory::Open(fs_, root_);
    ASSERT_TRUE(run.ok()) << run.status();
    run_ = *std::move(run);
  }
  void Append(uint32_t update) {
    const absl::Status status = run_->Append(ExampleMetrics(update), ExampleEpisodes(update));
    ASSERT_TRUE(status.ok()) << status;
  }
  std::string Get(const std::string& name) { return *fs_.Read(root_ + "/" + name); }
  static auto Lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

  fs::FileSystem& fs_ = fs::RealFileSystem();
  std::string root_;
  std::unique_ptr<RunDirectory> run_;
};

// cp -al, rsync --link-dest, ln -s: what another name of a file shows stays as it is.
TEST_F(RunDirectoryTest, FilesThatHaveOtherNamesBecomeItsOwnBeforeTheyAreChanged) {
  Append(1);
  Append(2);
  ASSERT_TRUE(run_->WriteSummary(Summary()).ok());
  const std::string other = root_ + "-snapshot";
  std::filesystem::create_directory(other);
  std::map<std::string, std::string> before;
  for (const std::string name : {"metrics.jsonl", "episodes.csv", "events.out.tfevents.nmn", "summary.json"}) {
    before[name] = Get(name);
    if (name == "episodes.csv" || name == "summary.json") {  // as links
      std::filesystem::rename(root_ + "/" + name, other + "/" + name);
      std::filesystem::create_symlink(other + "/" + name, root_ + "/" + name);
    } else {
      std::filesystem::create_hard_link(root_ + "/" + name, other + "/" + name);
    }
  }
  Reopen();
  ASSERT_TRUE(run_->CutBack({}).ok());
  Append(1);
  Summary changed;
  changed.updates = 7;
  ASSERT_TRUE(run_->WriteSummary(changed).ok());
  for (const auto& [name, content] : before) {
    EXPECT_EQ(*fs_.Read(other + "/" + name), content) << name;
    EXPECT_NE(Get(name), content) << name;
    EXPECT_FALSE(std::filesystem::is_symlink(root_ + "/" + name)) << name;
  }
  std::filesystem::remove_all(other);
}

TEST_F(RunDirectoryTest, ADirectoryInThePlaceOfAFileIsRefusedWithWhatItHolds) {
  for (const std::string name : {"policy-best.safetensors", "episodes.csv", "events.jsonl"}) {
    std::filesystem::create_directory(root_ + "/" + name);
    ASSERT_TRUE(fs_.WriteDurably(root_ + "/" + name + "/precious", "mine").ok());
    const absl::Status status = RunDirectory::Open(fs_, root_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(name + " is a directory, and a file of the run has its place"));
    EXPECT_EQ(Get(name + "/precious"), "mine");
    std::filesystem::remove_all(root_ + "/" + name);
  }
}

TEST_F(RunDirectoryTest, EachUpdateAddsALineAndARowForEachEpisodeUnderOneHeader) {
  Append(1);
  Reopen();
  Append(2);
  EXPECT_EQ(Lines(Get("metrics.jsonl")), 2);
  EXPECT_EQ(Get("episodes.csv"),
            "update,episode,return,discounted_return,hits\n1,0,-10.25,-1,2\n1,1,0.1,0.05,0\n1,2,3,2,7\n"
            "2,0,-10.25,-1,2\n2,1,0.1,0.05,0\n2,2,3,2,7\n");
}

TEST_F(RunDirectoryTest, CutBackRemovesWhatTheCheckpointDidNotSeeAndATornLine) {
  Append(1);
  const auto lengths = run_->SyncedLengths();
  ASSERT_TRUE(lengths.ok()) << lengths.status();
  EXPECT_EQ(lengths->size(), 3u);
  std::vector<std::string> before;
  for (const char* name : kGrowing) before.push_back(Get(name));
  Append(2);
  for (const char* name : kGrowing) ASSERT_TRUE(fs_.Append(root_ + "/" + name, "torn").ok());
  Reopen();
  ASSERT_TRUE(run_->CutBack(*lengths).ok());
  for (size_t i = 0; i < before.size(); ++i) EXPECT_EQ(Get(kGrowing[i]), before[i]);
  Append(2);
  EXPECT_EQ(Lines(Get("metrics.jsonl")), 2);
  EXPECT_EQ(Lines(Get("episodes.csv")), 7);
}

TEST_F(RunDirectoryTest, CutBackToBeforeTheFirstUpdateBeginsAnew) {
  const auto lengths = run_->SyncedLengths();
  ASSERT_TRUE(lengths.ok());
  EXPECT_THAT(*lengths, IsEmpty());
  Append(1);
  ASSERT_TRUE(run_->CutBack(*lengths).ok());
  for (const char* name : kGrowing) EXPECT_FALSE(*fs_.Exists(root_ + "/" + name));
  Append(1);
  EXPECT_EQ(Lines(Get("episodes.csv")), 4);
}

TEST_F(RunDirectoryTest, AFileShorterThanItsCheckpointSaysIsNamed) {
  Append(1);
  const auto lengths = *run_->SyncedLengths();
  ASSERT_TRUE(fs_.Truncate(root_ + "/episodes.csv", 5).ok());
  const absl::Status status = run_->CutBack(lengths);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(root_ + "/episodes.csv"));
}

TEST_F(RunDirectoryTest, ALossThatIsAcceptedKeepsWholeRowsAndIsNamed) {
  Append(1);
  const std::string first = Get("metrics.jsonl");
  Append(2);
  auto lengths = *run_->SyncedLengths();
  const auto before = lengths;
  EXPECT_EQ(*run_->AcceptLoss(lengths), "");
  EXPECT_EQ(lengths, before);
  std::filesystem::remove(root_ + "/episodes.csv");
  ASSERT_TRUE(fs_.Truncate(root_ + "/metrics.jsonl", first.size() + 3).ok());
  ASSERT_TRUE(fs_.Truncate(root_ + "/events.out.tfevents.nmn", before.at("events.out.tfevents.nmn") - 1).ok());
  const std::string loss = *run_->AcceptLoss(lengths);
  EXPECT_THAT(loss, HasSubstr(root_ + "/metrics.jsonl had " + std::to_string(before.at("metrics.jsonl")) +
                              " bytes at the checkpoint and keeps " + std::to_string(first.size())));
  EXPECT_THAT(loss, HasSubstr(root_ + "/episodes.csv had "));
  ASSERT_TRUE(run_->CutBack(lengths).ok());
  EXPECT_EQ(Get("metrics.jsonl"), first);
  EXPECT_FALSE(*fs_.Exists(root_ + "/events.out.tfevents.nmn"));
  Append(3);
  EXPECT_EQ(Lines(Get("metrics.jsonl")), 2);
  EXPECT_EQ(Get("episodes.csv").find("update,episode,return,discounted_return,hits\n3,0,"), 0u);
  EXPECT_EQ(run_->TakeLoss(), "");
}

TEST_F(RunDirectoryTest, AFileThatIsTakenAwayInMidRunIsNamedOnceAndGoesOn) {
  Append(1);
  EXPECT_EQ(run_->TakeLoss(), "");
  std::filesystem::remove(root_ + "/episodes.csv");
  ASSERT_TRUE(fs_.Truncate(root_ + "/metrics.jsonl", 3).ok());
  Append(2);
  const std::string loss = run_->TakeLoss();
  EXPECT_THAT(loss, HasSubstr(root_ + "/episodes.csv had "));
  EXPECT_THAT(loss, HasSubstr(root_ + "/metrics.jsonl had "));
  EXPECT_THAT(loss, HasSubstr(" bytes and has 3"));
  EXPECT_EQ(run_->TakeLoss(), "");
  Append(3);
  EXPECT_EQ(run_->TakeLoss(), "");
  EXPECT_EQ(Get("episodes.csv").find("update,episode,return,discounted_return,hits\n2,0,"), 0u);
}

TEST_F(RunDirectoryTest, AFileThatIsTakenAwayAfterAResumeOrBeforeASaveIsNamedToo) {
  Append(1);
  const auto lengths = *run_->SyncedLengths();
  Reopen();
  ASSERT_TRUE(run_->CutBack(lengths).ok());
  std::filesystem::remove(root_ + "/episodes.csv");
  ASSERT_TRUE(run_->SyncedLengths().ok());
  EXPECT_THAT(run_->TakeLoss(), HasSubstr("/episodes.csv had "));
  ASSERT_TRUE(run_->CutBack({}).ok());
  EXPECT_EQ(run_->TakeLoss(), "");
}

TEST_F(RunDirectoryTest, RowsThatCannotBeWrittenWaitUntilTheyCan) {
  Append(1);
  std::filesystem::remove(root_ + "/events.out.tfevents.nmn");
  std::filesystem::create_directory(root_ + "/events.out.tfevents.nmn");
  const absl::Status status = run_->Append(ExampleMetrics(2), ExampleEpisodes(2));
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot write " + root_ + "/events.out.tfevents.nmn"));
  EXPECT_GT(run_->waiting_bytes(), 0u);
  EXPECT_FALSE(run_->SyncedLengths().ok());
  std::filesystem::remove(root_ + "/events.out.tfevents.nmn");
  Append(3);
  EXPECT_EQ(run_->waiting_bytes(), 0u);
  EXPECT_EQ(Lines(Get("metrics.jsonl")), 3);
  EXPECT_EQ(Lines(Get("episodes.csv")), 10);
  EXPECT_TRUE(run_->SyncedLengths().ok());
}

TEST_F(RunDirectoryTest, ConfigReadsBackAsItWas) {
  const v1::RunConfig config = *config::Preset("paper", "b1", "nmn");
  ASSERT_TRUE(run_->WriteConfig(config).ok());
  const auto loaded = config::Load(root_ + "/config.textproto");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->SerializeAsString(), config.SerializeAsString());
}

TEST_F(RunDirectoryTest, TheBestPolicyIsThereOnlyWhereThereIsOne) {
  ASSERT_TRUE(run_->WritePolicy("newest").ok());
  ASSERT_TRUE(run_->WriteBestPolicy("best").ok());
  EXPECT_EQ(Get("policy.safetensors"), "newest");
  EXPECT_EQ(Get("policy-best.safetensors"), "best");
  ASSERT_TRUE(run_->WriteBestPolicy("").ok());
  EXPECT_FALSE(*fs_.Exists(root_ + "/policy-best.safetensors"));
  ASSERT_TRUE(run_->WriteBestPolicy("").ok());
}

TEST_F(RunDirectoryTest, SummaryReplacesTheOneBefore) {
  Summary summary;
  summary.run_id = "first";
  ASSERT_TRUE(run_->WriteSummary(summary).ok());
  summary.run_id = "second";
  ASSERT_TRUE(run_->WriteSummary(summary).ok());
  EXPECT_THAT(Get("summary.json"), HasSubstr("second"));
  EXPECT_EQ(fs_.List(root_)->size(), 1u);
}

TEST_F(RunDirectoryTest, ALinkOfTheNameThatIsTriedOutIsNotWrittenThrough) {
  ASSERT_TRUE(fs_.WriteDurably(root_ + "/thesis", "mine").ok());
  std::filesystem::create_symlink("thesis", root_ + "/.nmn-writable.tmp");
  Reopen();
  EXPECT_EQ(Get("thesis"), "mine");
}

TEST_F(RunDirectoryTest, LeftoversOfABrokenWriteAreRemoved) {
  ASSERT_TRUE(fs_.WriteDurably(root_ + "/.nmn-1-0.tmp", "half").ok());
  Reopen();
  EXPECT_THAT(*fs_.List(root_), IsEmpty());
}

TEST_F(RunDirectoryTest, RowsWithoutTheNamesOfTheirColumnsAreLostToo) {
  Append(1);
  auto lengths = *run_->SyncedLengths();
  const std::string rows = Get("episodes.csv");
  ASSERT_TRUE(fs_.WriteDurably(root_ + "/episodes.csv", rows.substr(rows.find('\n') + 1)).ok());
  EXPECT_THAT(*run_->AcceptLoss(lengths), HasSubstr("/episodes.csv had"));
  EXPECT_FALSE(lengths.contains("episodes.csv"));
  ASSERT_TRUE(run_->CutBack(lengths).ok());
  Append(2);
  EXPECT_TRUE(Get("episodes.csv").starts_with("update,episode,"));
}

// A run would write each of them anew, or remove it.
TEST_F(RunDirectoryTest, AFileThatNoRunWroteIsForeign) {
  EXPECT_EQ(*run_->ForeignFile(), "");
  ASSERT_TRUE(run_->WriteConfig(*config::Preset("fast", "b1", "nmn")).ok());
  ASSERT_TRUE(run_->AppendEvents("{\"event\":\"generation\",\"generation\":1}\n").ok());
  EXPECT_EQ(*run_->ForeignFile(), "");
  for (const auto& [name, content] :
       std::map<std::string, std::string>{{"config.textproto", "# mine\n" + Get("config.textproto")},
                                          {"events.jsonl", "{\"mine\": 1}\n"},
                                          {"sweep.json", "{}"},
                                          {"learning_curve.csv", "mine"},
                                          {"learning_curve_raw.png", "mine"}}) {
    const std::string before = name == "sweep.json" || name.starts_with("learning_curve") ? "" : Get(name);
    ASSERT_TRUE(fs_.WriteDurably(root_ + "/" + name, content).ok());
    EXPECT_EQ(*run_->ForeignFile(), root_ + "/" + name);
    ASSERT_TRUE(before.empty() ? fs_.RemoveAll(root_ + "/" + name).ok()
                               : fs_.WriteDurably(root_ + "/" + name, before).ok());
  }
  ASSERT_TRUE(fs_.RemoveAll(root_ + "/events.jsonl").ok());
  std::filesystem::create_directories(root_ + "/events.jsonl/deep");
  EXPECT_EQ(*run_->ForeignFile(), root_ + "/events.jsonl");
}

TEST_F(RunDirectoryTest, AConfigThatIsGoneIsPutBackAndOneThatIsThereStays) {
  const v1::RunConfig config = *config::Preset("fast", "b1", "nmn");
  ASSERT_TRUE(run_->PutBackConfig(config).ok());
  EXPECT_EQ(Get("config.textproto"), config::Print(config));
  ASSERT_TRUE(run_->PutBackConfig(*config::Preset("fast", "b2", "nmn")).ok());
  EXPECT_EQ(Get("config.textproto"), config::Print(config));
}

TEST_F(RunDirectoryTest, APipeInThePlaceOfAFileIsNotWrittenInto) {
  ASSERT_EQ(::mkfifo((root_ + "/summary.json").c_str(), 0600), 0);
  EXPECT_THAT(std::string(run_->WriteSummary({}).message()), HasSubstr("summary.json: it is a pipe"));
}

TEST_F(RunDirectoryTest, CheckpointsThatCannotBeWrittenAreNamedBeforeAnyTraining) {
  std::filesystem::create_directory_symlink("/proc/1", root_ + "/checkpoints");
  EXPECT_THAT(std::string(RunDirectory::Open(fs_, root_).status().message()),
              ::testing::StartsWith("the run directory " + root_ + "/checkpoints cannot be written"));
}

TEST(RunDirectory, OneThatCannotBeWrittenIsNamedWithWhatToDo) {
  const absl::Status status = RunDirectory::Open(fs::RealFileSystem(), "/dev/null").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(status.message(),
            "the run directory /dev/null cannot be written (cannot write /dev/null/.nmn-writable.tmp: Not a "
            "directory); change its "
            "permissions or choose another --run_dir");
  EXPECT_EQ(
      RunDirectory::Open(fs::RealFileSystem(), "/proc/1").status().message().find("the run directory /proc/1 cannot"),
      0u);
}

TEST(DefaultRunDirectory, NamesBenchmarkArchitecturePresetSeedAndTime) {
  v1::RunConfig config = *config::Preset("fast", "b1", "nmn");
  EXPECT_TRUE(std::regex_match(DefaultRunDirectory(config), std::regex("runs/b1-nmn-fast-s1-20\\d{6}T\\d{6}Z")))
      << DefaultRunDirectory(config);
  config.clear_preset();
  EXPECT_THAT(DefaultRunDirectory(config), HasSubstr("runs/b1-nmn-custom-s1-"));
}

TEST_F(RunDirectoryTest, RunsThatBeginInOneSecondGetADirectoryEach) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(root_);
  const v1::RunConfig config = *config::Preset("fast", "b1", "nmn");
  std::set<std::string> made;
  for (int run = 0; run < 3; ++run) made.insert(MakeDefaultRunDirectory(config));
  EXPECT_EQ(made.size(), 3u);
  for (const std::string& directory : made) EXPECT_TRUE(std::filesystem::is_directory(directory)) << directory;
  ASSERT_TRUE(fs_.WriteDurably(*made.begin() + "/mine", "x").ok());
  for (const std::string& directory : made) RemoveUnusedRunDirectory(directory);
  EXPECT_TRUE(std::filesystem::exists(*made.begin() + "/mine"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator("runs"), std::filesystem::directory_iterator()), 1);
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace nmn::run
