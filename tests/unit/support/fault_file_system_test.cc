#include "tests/support/fault_file_system.h"

#include <gmock/gmock.h>

#include <set>

namespace nmn::testing {
namespace {

using Survival = FaultFileSystem::Survival;

class FaultDisk : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(disk_.CreateDirectories("/d").ok()); }
  FaultFileSystem disk_;
};

TEST_F(FaultDisk, KeepsASyncedFileInASyncedDirectory) {
  ASSERT_TRUE(disk_.WriteDurably("/d/f", "new").ok());
  ASSERT_TRUE(disk_.SyncDirectory("/d").ok());
  disk_.PowerOn(Survival::kNothing);
  EXPECT_EQ(disk_.Get("/d/f"), "new");
}

TEST_F(FaultDisk, LosesANameThatWasNotSynced) {
  ASSERT_TRUE(disk_.WriteDurably("/d/f", "new").ok());
  disk_.PowerOn(Survival::kNothing);
  EXPECT_EQ(disk_.Get("/d/f"), std::nullopt);
}

TEST_F(FaultDisk, LosesAppendedBytesThatWereNotSynced) {
  ASSERT_TRUE(disk_.WriteDurably("/d/f", "one").ok());
  ASSERT_TRUE(disk_.SyncDirectory("/d").ok());
  ASSERT_TRUE(disk_.Append("/d/f", "two").ok());
  EXPECT_EQ(disk_.Get("/d/f"), "onetwo");
  disk_.PowerOn(Survival::kNothing);
  EXPECT_EQ(disk_.Get("/d/f"), "one");
}

TEST_F(FaultDisk, TakesBackARenameThatWasNotSynced) {
  ASSERT_TRUE(disk_.WriteDurably("/d/f", "x").ok());
  ASSERT_TRUE(disk_.SyncDirectory("/d").ok());
  ASSERT_TRUE(disk_.Rename("/d/f", "/d/g").ok());
  EXPECT_EQ(disk_.Get("/d/g"), "x");
  disk_.PowerOn(Survival::kNothing);
  EXPECT_EQ(disk_.Get("/d/g"), std::nullopt);
  EXPECT_EQ(disk_.Get("/d/f"), "x");
}

TEST_F(FaultDisk, BringsBackAFileWhoseRemovalWasNotSynced) {
  ASSERT_TRUE(disk_.WriteDurably("/d/f", "x").ok());
  ASSERT_TRUE(disk_.SyncDirectory("/d").ok());
  ASSERT_TRUE(disk_.RemoveAll("/d").ok());
  disk_.PowerOn(Survival::kNothing);
  EXPECT_EQ(disk_.Get("/d/f"), "x");
}

TEST_F(FaultDisk, KeepsEverythingAfterAKill) {
  ASSERT_TRUE(disk_.Append("/d/f", "x").ok());
  disk_.PowerOn(Survival::kEverything);
  EXPECT_EQ(disk_.Get("/d/f"), "x");
}

TEST_F(FaultDisk, MayKeepOldBytesAPartOrZeros) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    FaultFileSystem disk;
    disk.Put("/f", "old");
    ASSERT_TRUE(disk.Append("/f", "+-").ok());
    disk.PowerOn(Survival::kAnything, seed);
    seen.insert(*disk.Get("/f"));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"old", "old+", "old+-", std::string("old\0\0", 5), std::string("old+\0", 5)}));
}

TEST_F(FaultDisk, FailsEverythingFromTheCutOnAndTheStepItselfHasNoEffect) {
  disk_.CutPowerAt(disk_.steps() + 1);
  EXPECT_FALSE(disk_.WriteDurably("/d/f", "abcdef").ok());
  EXPECT_FALSE(disk_.Read("/d/f").ok());
  disk_.PowerOn(Survival::kEverything);
  EXPECT_EQ(disk_.Get("/d/f"), "");
}

TEST_F(FaultDisk, FailsOnceOrForEver) {
  disk_.FailAt(disk_.steps(), EIO, false);
  EXPECT_EQ(disk_.WriteDurably("/d/f", "x").message(), "cannot write /d/f: Input/output error");
  EXPECT_TRUE(disk_.WriteDurably("/d/f", "x").ok());
  disk_.FailAt(disk_.steps(), EIO, true);
  EXPECT_FALSE(disk_.Read("/d/f").ok());
  EXPECT_FALSE(disk_.Read("/d/f").ok());
}

TEST_F(FaultDisk, IsFullAtItsCapacityAndHasRoomAgainAfterARemoval) {
  disk_.SetCapacity(10);
  ASSERT_TRUE(disk_.WriteDurably("/d/f", "12345678").ok());
  EXPECT_TRUE(absl::IsResourceExhausted(disk_.WriteDurably("/d/g", "123456")));
  EXPECT_EQ(disk_.Get("/d/g"), "123");
  ASSERT_TRUE(disk_.RemoveAll("/d/f").ok());
  EXPECT_TRUE(disk_.WriteDurably("/d/g", "123456").ok());
}

TEST_F(FaultDisk, AFailedAppendLeavesTheFileAsItWas) {
  ASSERT_TRUE(disk_.Append("/d/f", "abc").ok());
  disk_.SetCapacity(4);
  EXPECT_FALSE(disk_.Append("/d/f", "defg").ok());
  EXPECT_EQ(disk_.Get("/d/f"), "abc");
}

TEST_F(FaultDisk, ReadOnlyRefusesChangesAndReads) {
  disk_.Put("/d/f", "x");
  disk_.SetReadOnly(true);
  EXPECT_FALSE(disk_.WriteDurably("/d/f", "y").ok());
  EXPECT_FALSE(disk_.Rename("/d/f", "/d/g").ok());
  EXPECT_EQ(*disk_.Read("/d/f"), "x");
}

// What the store relies on, in the real file system's words.
TEST_F(FaultDisk, BehavesAsTheRealOneWhereNothingFails) {
  EXPECT_TRUE(absl::IsNotFound(disk_.Read("/d/none").status()));
  EXPECT_TRUE(disk_.RemoveAll("/d/none").ok());
  EXPECT_FALSE(disk_.Rename("/d/none", "/d/x").ok());
  ASSERT_TRUE(disk_.CreateDirectories("/d/full").ok());
  ASSERT_TRUE(disk_.WriteDurably("/d/full/f", "x").ok());
  ASSERT_TRUE(disk_.CreateDirectories("/d/other").ok());
  EXPECT_FALSE(disk_.Rename("/d/other", "/d/full").ok());
  EXPECT_FALSE(disk_.CreateDirectories("/d/full/f/x").ok());
  EXPECT_EQ(disk_.Truncate("/d/full/f", 2).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(*disk_.List("/d"), std::vector<std::string>({"full", "other"}));
}

}  // namespace
}  // namespace nmn::testing
