#include <gmock/gmock.h>

#include "tests/unit/learner/checkpoint/store_fixture.h"

namespace nmn::checkpoint {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(StoreTest, RestoresWhatWasSaved) {
  Save(7);
  const auto restored = Restore();
  ASSERT_TRUE(restored.ok()) << restored.status();
  ASSERT_TRUE(restored->has_value());
  ExpectSame(**restored, Make(7));
  EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(StoreTest, AConfigOfBeforeTasksGetsThatOfItsBenchmark) {
  Checkpoint before = Make(7);
  before.state.mutable_config()->set_benchmark("b3");
  ASSERT_TRUE(Store().Save(before).ok());
  const auto restored = Restore();
  ASSERT_TRUE(restored.ok() && restored->has_value()) << restored.status();
  EXPECT_EQ((*restored)->state.config().task().observation_size(), 4u);
}

TEST_F(StoreTest, ACheckpointIsTheFourDocumentedFiles) {
  Save(7);
  EXPECT_THAT(Names(), ElementsAre("ckpt-00000007"));
  EXPECT_THAT(*fs::RealFileSystem().List(Folder("ckpt-00000007")),
              ElementsAre("MANIFEST", "optimizer.safetensors", "state.binpb", "weights.safetensors"));
}

TEST_F(StoreTest, RestoresTheNewest) {
  for (uint32_t update : {0, 10, 20}) Save(update);
  ExpectSame(**Restore(), Make(20));
}

TEST_F(StoreTest, KeepsTheNewestFew) {
  for (uint32_t update : {0, 10, 20, 30, 40}) Save(update);
  EXPECT_THAT(Names(), ElementsAre("ckpt-00000020", "ckpt-00000030", "ckpt-00000040"));
}

TEST_F(StoreTest, NothingWasEverCompletedInAFreshDirectory) {
  EXPECT_FALSE(*Store().Any());
  const auto restored = Restore();
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_FALSE(restored->has_value());
}

TEST_F(StoreTest, LeftoversOfABrokenSaveAreRemovedAndAreNoCheckpoint) {
  std::filesystem::create_directories(Folder("ckpt-00000000.tmp"));
  EXPECT_FALSE(*Store().Any());
  EXPECT_FALSE(Restore()->has_value());
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(StoreTest, OtherNamesAreLeftAlone) {
  Save(1);
  for (const char* name : {"notes", "ckpt-2", "ckpt-00000002x", "ckpt-+0000002", "notes.tmp", "ckpt-2.tmp"})
    std::filesystem::create_directories(Folder(name));
  ExpectSame(**Restore(), Make(1));
  EXPECT_EQ(Names().size(), 7u);
}

TEST_F(StoreTest, SavingAnUpdateAgainReplacesIt) {
  Save(10);
  Checkpoint later = Make(10);
  later.state.mutable_progress()->set_wall_seconds(99);
  ASSERT_TRUE(Store().Save(later).ok());
  ExpectSame(**Restore(), later);
  EXPECT_THAT(Names(), ElementsAre("ckpt-00000010"));
}

TEST_F(StoreTest, AReplacedCheckpointCountsUntilItsSuccessorIsInPlace) {
  Save(10);
  std::filesystem::rename(Folder("ckpt-00000010"), Folder("ckpt-00000010.replaced"));
  EXPECT_TRUE(*Store().Any());
  ExpectSame(**Restore(), Make(10));
}

TEST_F(StoreTest, UpdatesOfMoreThanEightDigitsAreFound) {
  Save(99999999);
  Save(123456789);
  ExpectSame(**Restore(), Make(123456789));
}

TEST_F(StoreTest, AFileInTheWayIsNamed) {
  ASSERT_TRUE(fs::RealFileSystem().WriteDurably(run_ + "/checkpoints", "").ok());
  const absl::Status status = Store().Save(Make(1));
  EXPECT_EQ(status.message(), "cannot create directory " + run_ + "/checkpoints: Not a directory");
  EXPECT_FALSE(Restore().ok());
}

}  // namespace
}  // namespace nmn::checkpoint
