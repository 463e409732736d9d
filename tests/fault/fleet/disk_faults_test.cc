// Row 9 with real processes: a disk that is full, fails or is read-only, under a learner that runs or starts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "absl/strings/str_cat.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/fleet/mount.h"
#include "tests/fault/row.h"
#include "tests/integration/tiny_run.h"

namespace nmn::fault {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr uint64_t kDiskBytes = 32 << 20;
constexpr int kRetry = 1;
constexpr int kPermanent = 42;

const FleetOptions kOptions{.updates = static_cast<int>(Count(24, 60)), .step_cost_us = 40};

FleetOptions OnDisk(const std::string& path) {
  FleetOptions options = kOptions;
  options.directory = path + "/run";
  return options;
}

std::vector<std::string> Checkpoints(const std::string& run) {
  std::vector<std::string> names;
  for (const auto& folder : std::filesystem::directory_iterator(run + "/checkpoints")) {
    if (folder.path().extension().empty()) names.push_back(folder.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Updates of a live learner, which its files cannot tell while the disk fails.
bool TrainsOn(Fleet& fleet, uint32_t updates) {
  const uint32_t before = fleet.Status().update();
  return fleet.WaitFor([&] { return fleet.Status().update() >= before + updates; }, std::chrono::seconds(60));
}

// The disk fails under a learner that trains, and works again; the run is whole.
void ExpectTrainingGoesOn(const std::function<void(SmallDisk&)>& fail, const std::function<void(SmallDisk&)>& mend,
                          const std::string& reason) {
  SCOPED_TRACE(reason);
  const testing::TemporaryDirectory folder;
  SmallDisk disk(folder.path() + "/disk", kDiskBytes);
  Fleet fleet(OnDisk(disk.path()));
  fleet.StartLearner();
  fleet.StartActors(2);
  ASSERT_TRUE(fleet.WaitForUpdate(4)) << fleet.learner().err();
  fail(disk);
  ASSERT_TRUE(fleet.learner().WaitForOutput("NOT saved")) << fleet.learner().err();
  const std::vector<std::string> before = Checkpoints(fleet.directory());
  ASSERT_TRUE(TrainsOn(fleet, static_cast<uint32_t>(Count(4, 12)))) << fleet.learner().err();
  EXPECT_THAT(fleet.learner().err(), HasSubstr(reason));
  EXPECT_EQ(Checkpoints(fleet.directory()), before);
  mend(disk);
  fleet.ExpectWholeRun();
}

// The disk is full at the end of the run: never code 0; once there is space, the run is completed.
void ExpectTheEndIsNotLost() {
  const testing::TemporaryDirectory folder;
  SmallDisk disk(folder.path() + "/disk", kDiskBytes);
  Fleet fleet(OnDisk(disk.path()));
  fleet.StartLearner();
  fleet.StartActors(2);
  ASSERT_TRUE(fleet.WaitForUpdate(4)) << fleet.learner().err();
  disk.Fill();
  EXPECT_EQ(fleet.learner().Wait(), kRetry) << fleet.learner().err();
  EXPECT_THAT(fleet.learner().err(), HasSubstr("the end of the run could not be saved"));
  disk.Free();
  fleet.StartLearner();
  fleet.StartActors(2);  // those from before were told that the run is complete
  fleet.ExpectWholeRun();
}

// As a disk that answers EIO, at a step of a save or of the records, five times on end. Returns at how many steps.
size_t ExpectErrorsAreSurvived() {
  std::vector<std::string> points = {"checkpoint.save.file_written"};
  if (Full()) {
    for (const char* step : {"begin", "manifest_written", "folder_synced", "renamed", "directory_synced", "verified"})
      points.push_back(absl::StrCat("checkpoint.save.", step));
    for (const char* step : {"append", "between_files"}) points.push_back(absl::StrCat("run.records.", step));
  }
  for (const std::string& point : points) {
    SCOPED_TRACE(point);
    Fleet fleet(kOptions);
    fleet.StartLearner({absl::StrCat("NMN_FAILPOINTS=", point, "=hit:4-8:error:DATA_LOSS")});
    fleet.StartActors(2);
    fleet.ExpectWholeRun();
    EXPECT_THAT(fleet.learner().err(), AnyOf(HasSubstr("NOT saved"), HasSubstr("NOT written")));
  }
  return points.size();
}

TEST(Row9, TrainingGoesOnWhileTheDiskFailsAndTheRunIsWhole) {
  const std::string figure = absl::StrCat("errors at ", ExpectErrorsAreSurvived(), " steps of a write survived");
  if (const std::string reason = SmallDisk::WhyNot(); !reason.empty()) {
    PrintFigure("9", absl::StrCat("SKIPPED 3 of 4 cases: no file system can be mounted here (", reason, "); ", figure));
    GTEST_SKIP() << "no file system can be mounted here: " << reason;
  }
  ExpectTrainingGoesOn([](SmallDisk& disk) { disk.Fill(); }, [](SmallDisk& disk) { disk.Free(); },
                       "No space left on device");
  ExpectTrainingGoesOn([](SmallDisk& disk) { disk.MakeReadOnly(); }, [](SmallDisk& disk) { disk.MakeWritable(); },
                       "Read-only file system");
  ExpectTheEndIsNotLost();
  if (HasFailure()) return;
  PrintFigure("9", absl::StrCat(figure, ", a full disk and a read-only one under a running learner, a full one at the ",
                                "end: 0 crashes, old checkpoints kept, saved again later, ", HashFigure()));
}

TEST(Row9, AStartOnADirectoryThatCannotBeWrittenIsRefusedByName) {
  const testing::TemporaryDirectory folder;
  testing::WriteFile(folder.path() + "/file", "");
  testing::Outcome outcome = testing::RunProcess(testing::TinyTrain(folder.path() + "/file/run", 2));
  EXPECT_EQ(outcome.code, kPermanent) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(folder.path() + "/file"));
  if (const std::string reason = SmallDisk::WhyNot(); !reason.empty()) {
    PrintFigure("9", absl::StrCat("SKIPPED 1 of 2 starts: no file system can be mounted here (", reason, ")"));
    GTEST_SKIP() << "no file system can be mounted here: " << reason;
  }
  SmallDisk disk(folder.path() + "/disk", kDiskBytes);
  disk.MakeReadOnly();
  outcome = testing::RunProcess(testing::TinyTrain(disk.path() + "/run", 2));
  EXPECT_EQ(outcome.code, kPermanent) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(disk.path() + "/run"), HasSubstr("--run_dir")));
  PrintFigure("9", "a file as parent and a read-only mount refused with exit code 42, the directory named");
}

}  // namespace
}  // namespace nmn::fault
