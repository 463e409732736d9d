// Row 6: the power goes at every operation of a learner's life; what was not synced is lost, or a part of it survives.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "tests/fault/row.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/history.h"
#include "tests/support/toy_run.h"

namespace nmn::fault {
namespace {

using testing::FaultFileSystem;
using testing::ToyRun;
using Survival = FaultFileSystem::Survival;

constexpr char kDirectory[] = "/runs/toy";
constexpr uint32_t kUpdates = 9;
constexpr uint32_t kEvery = 2;

std::string Batch(uint32_t update) { return "batch " + std::to_string(update); }

std::string WeightsAfter(uint32_t updates) {
  std::vector<std::string> batches;
  for (uint32_t u = 1; u <= updates; ++u) batches.push_back(Batch(u));
  return testing::ToyWeights(batches);
}

// What a learner has told the world that must stay true.
struct Promised {
  std::optional<uint32_t> saved;  // newest checkpoint that was reported
  uint32_t generation = 0;        // that was served
};

// One life: start, train to the end with a checkpoint every few updates, one of them saved twice (as the end of a run
// does after a stop). Ends where the disk does.
absl::Status Live(FaultFileSystem& disk, Promised& promised) {
  ToyRun run(disk, kDirectory);
  if (absl::Status status = run.Start(); !status.ok()) return status;
  EXPECT_GT(run.generation(), promised.generation);
  EXPECT_TRUE(run.notices().empty()) << run.notices()[0];
  EXPECT_GE(run.update(), promised.saved.value_or(0));
  EXPECT_EQ(run.weights(), WeightsAfter(run.update()));
  promised.saved = run.update();
  promised.generation = run.generation();
  while (run.update() < kUpdates) {
    if (absl::Status status = run.Update(Batch(run.update() + 1)); !status.ok()) return status;
    if (run.update() % kEvery != 0 && run.update() != kUpdates) continue;
    if (absl::Status status = run.Save(); !status.ok()) return status;
    promised.saved = run.update();
  }
  return run.Save();
}

// Whether the loss ended a life. One while older checkpoints are removed, after the last save, is no failure.
bool IsCut(const absl::Status& life, const Promised& promised) { return !life.ok() || promised.saved == kUpdates; }

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Every row of the finished run is there once.
void ExpectWholeRecords(const FaultFileSystem& disk) {
  const std::string directory = kDirectory;
  const auto metrics = Lines(disk.Get(directory + "/metrics.jsonl").value_or(""));
  ASSERT_EQ(metrics.size(), kUpdates);
  for (uint32_t u = 1; u <= kUpdates; ++u)
    EXPECT_EQ(metrics[u - 1].find("{\"update\":" + std::to_string(u) + ","), 0u) << metrics[u - 1];
  EXPECT_EQ(Lines(disk.Get(directory + "/episodes.csv").value_or("")).size(), kUpdates + 1);  // and a header
  const testing::History history = testing::ReadHistory(disk.Get(directory + "/events.jsonl").value_or(""), 0);
  EXPECT_EQ(history.updates, kUpdates);
  EXPECT_TRUE(history.violations.empty()) << history.violations[0];
}

// The life of a learner whose power goes at `step`, then the life of the next one on what is left.
void LoseAndGoOn(uint64_t step, Survival survival, uint64_t seed) {
  SCOPED_TRACE("power lost at step " + std::to_string(step) + ", survival " +
               std::to_string(static_cast<int>(survival)) + ", seed " + std::to_string(seed));
  FaultFileSystem disk;
  Promised promised;
  disk.CutPowerAt(step);
  ASSERT_TRUE(IsCut(Live(disk, promised), promised));
  disk.PowerOn(survival, seed);
  const absl::Status status = Live(disk, promised);
  ASSERT_TRUE(status.ok()) << status;
  ExpectWholeRecords(disk);
}

uint64_t StepsOfALife() {
  FaultFileSystem disk;
  Promised promised;
  EXPECT_TRUE(Live(disk, promised).ok());
  ExpectWholeRecords(disk);
  return disk.steps();
}

TEST(Row6, PowerLossAtEveryOperationKeepsWhatWasReported) {
  const uint64_t steps = StepsOfALife();
  const uint64_t seeds = Count(3, 200);
  uint64_t cuts = 0;
  for (uint64_t step = 0; step < steps; ++step) {
    LoseAndGoOn(step, Survival::kNothing, 0);
    LoseAndGoOn(step, Survival::kEverything, 0);
    for (uint64_t seed = 1; seed <= seeds; ++seed) LoseAndGoOn(step, Survival::kAnything, seed);
    cuts += 2 + seeds;
    if (HasFailure()) break;
  }
  PrintFigure("6", std::to_string(steps) + " operations, " + std::to_string(cuts) + " power losses, " +
                       (HasFailure() ? "violations above" : "0 violations"));
}

// Twice: the second loss hits the restart, whose clean-up and generation are no safer than a save.
TEST(Row6, ASecondLossWhileTheFirstIsMendedKeepsItToo) {
  const uint64_t steps = StepsOfALife();
  const uint64_t stride = Count(7, 1);
  uint64_t pairs = 0;
  for (uint64_t first = 0; first < steps && !HasFailure(); first += stride) {
    for (uint64_t second = 0; second < 40; second += stride) {
      SCOPED_TRACE("power lost at step " + std::to_string(first) + ", then " + std::to_string(second) + " later");
      FaultFileSystem disk;
      Promised promised;
      disk.CutPowerAt(first);
      ASSERT_TRUE(IsCut(Live(disk, promised), promised));
      disk.PowerOn(Survival::kAnything, first);
      disk.CutPowerAt(disk.steps() + second);
      Live(disk, promised).IgnoreError();
      disk.PowerOn(Survival::kAnything, second);
      const absl::Status status = Live(disk, promised);
      ASSERT_TRUE(status.ok()) << status;
      ExpectWholeRecords(disk);
      ++pairs;
    }
  }
  PrintFigure(
      "6", std::to_string(pairs) + " pairs of power losses, " + (HasFailure() ? "violations above" : "0 violations"));
}

// A disk that lies about one kind of sync.
class LyingDisk : public FaultFileSystem {
 public:
  explicit LyingDisk(bool about_directories) : about_directories_(about_directories) {}
  absl::Status SyncDirectory(const std::string& path) override {
    return about_directories_ ? absl::OkStatus() : FaultFileSystem::SyncDirectory(path);
  }
  absl::Status Sync(const std::string& path) override {
    return about_directories_ ? FaultFileSystem::Sync(path) : absl::OkStatus();
  }

 private:
  const bool about_directories_;
};

TEST(Row6, ASyncThatIsNotDoneIsNoticed) {
  for (const bool about_directories : {true, false}) {
    LyingDisk disk(about_directories);
    Promised promised;
    ASSERT_TRUE(Live(disk, promised).ok());
    disk.PowerOn(Survival::kNothing);
    ToyRun run(disk, kDirectory);
    const absl::Status status = run.Start();
    EXPECT_TRUE(!status.ok() || run.update() < *promised.saved) << about_directories;
  }
}

}  // namespace
}  // namespace nmn::fault
