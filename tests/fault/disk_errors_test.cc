// Row 9 on a disk in memory: each operation of a training run fails, once or for a while, with each error of a disk.

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include "tests/fault/row.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/toy_run.h"

namespace nmn::fault {
namespace {

using testing::FaultFileSystem;
using testing::ToyRun;

constexpr uint32_t kUpdates = 6;

std::string Batch(uint32_t update) { return "batch " + std::to_string(update); }

// Trains to the end as LearnerRun does: rows that cannot be written wait, a save that fails is a save that failed.
// Returns how many writes and saves failed. The disk works again before the last save.
uint64_t Train(ToyRun& run, FaultFileSystem& disk) {
  uint64_t failed = 0;
  while (run.update() < kUpdates) {
    failed += run.Update(Batch(run.update() + 1)).ok() ? 0 : 1;
    if (run.update() == kUpdates) disk.ClearFaults();
    failed += run.Save().ok() ? 0 : 1;
  }
  return failed;
}

uint64_t Lines(const FaultFileSystem& disk, const std::string& path) {
  const std::string text = disk.Get(path).value_or("");
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// Also: whatever fails, a start right then finds the last checkpoint that was reported.
void ExpectOldKeptAndRecovered(const std::function<void(FaultFileSystem&, uint64_t start)>& fault, uint64_t& failures) {
  FaultFileSystem disk;
  ToyRun run(disk, "/run");
  ASSERT_TRUE(run.Start().ok());
  fault(disk, disk.steps());
  failures += Train(run, disk);
  ASSERT_EQ(run.update(), kUpdates);
  EXPECT_EQ(Lines(disk, "/run/metrics.jsonl"), kUpdates);
  EXPECT_EQ(Lines(disk, "/run/episodes.csv"), kUpdates + 1);
  ToyRun next(disk, "/run");
  const absl::Status status = next.Start();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(next.update(), kUpdates);
  EXPECT_EQ(next.weights(), run.weights());
}

TEST(Row9, TrainingGoesOnWhateverTheDiskSaysAndTheNextSaveSucceeds) {
  uint64_t steps = 0;
  {
    FaultFileSystem disk;
    ToyRun run(disk, "/run");
    ASSERT_TRUE(run.Start().ok());
    const uint64_t start = disk.steps();
    Train(run, disk);
    steps = disk.steps() - start;
  }
  uint64_t cases = 0, failures = 0;
  const uint64_t stride = Count(3, 1);
  for (const int error : {ENOSPC, EIO, EROFS, EDQUOT}) {
    for (const bool for_ever : {false, true}) {
      for (uint64_t step = 0; step < steps && !HasFailure(); step += stride, ++cases) {
        SCOPED_TRACE("errno " + std::to_string(error) + " at operation " + std::to_string(step));
        ExpectOldKeptAndRecovered(
            [&](FaultFileSystem& disk, uint64_t start) { disk.FailAt(start + step, error, for_ever); }, failures);
      }
    }
  }
  for (uint64_t capacity = 1000; capacity < 20'000; capacity += 500 * stride, ++cases) {
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    ExpectOldKeptAndRecovered([&](FaultFileSystem& disk, uint64_t) { disk.SetCapacity(capacity); }, failures);
  }
  ExpectOldKeptAndRecovered([](FaultFileSystem& disk, uint64_t) { disk.SetReadOnly(true); }, failures);
  ++cases;
  EXPECT_GT(failures, cases / 2) << "the faults were not met";
  PrintFigure("9", std::to_string(cases) + " faults of a disk in memory, " + std::to_string(failures) +
                       " failed writes and saves, 0 crashes, all recovered");
}

}  // namespace
}  // namespace nmn::fault
