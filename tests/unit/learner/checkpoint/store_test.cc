#include <gmock/gmock.h>

#include "common/fs/errors.h"
#include "tests/support/fault_file_system.h"
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

// The lower layer of an overlay, in a container whose image has the run: rename(2) is EXDEV for a directory of it.
class Overlay : public nmn::testing::FaultFileSystem {
 public:
  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (from.ends_with(".tmp")) return FaultFileSystem::Rename(from, to);  // made in the upper layer
    return fs::SystemError("rename", from, EXDEV);
  }
};

TEST_F(StoreTest, WhereDirectoriesCannotBeRenamedTheyAreCopied) {
  Overlay overlay;
  CheckpointStore store(overlay, "/run", 2);
  for (uint32_t update = 0; update < 4; ++update) {
    ASSERT_TRUE(store.Save(Make(update)).ok());
    EXPECT_TRUE(store.removed().ok()) << store.removed();
  }
  EXPECT_THAT(*overlay.List("/run/checkpoints"), ElementsAre("ckpt-00000002", "ckpt-00000003"));
  ASSERT_TRUE(overlay.WriteDurably("/run/checkpoints/ckpt-00000003/weights.safetensors", "damaged").ok());
  const auto restored = store.Restore([](const std::string&) {});
  ASSERT_TRUE(restored.ok()) << restored.status();
  ExpectSame(**restored, Make(2));
  EXPECT_THAT(*overlay.List("/run/checkpoints"), ElementsAre("ckpt-00000002", "ckpt-00000003.corrupt"));
}

TEST_F(StoreTest, AnOlderCheckpointThatCannotBeRemovedIsNoFailureToSave) {
  class Stuck : public nmn::testing::FaultFileSystem {
    absl::Status Rename(const std::string& from, const std::string& to) override {
      return to.ends_with(".tmp") ? fs::SystemError("rename", from, EACCES) : FaultFileSystem::Rename(from, to);
    }
  } disk;
  CheckpointStore store(disk, "/run", 1);
  ASSERT_TRUE(store.Save(Make(1)).ok());
  EXPECT_TRUE(store.removed().ok());
  EXPECT_TRUE(store.Save(Make(2)).ok());
  EXPECT_THAT(std::string(store.removed().message()), ::testing::HasSubstr("ckpt-00000001"));
  const auto restored = store.Restore([](const std::string&) {});
  ASSERT_TRUE(restored.ok()) << restored.status();
  ExpectSame(**restored, Make(2));
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
