#include <cerrno>
#include <utility>

#include "tests/support/fault_file_system.h"
#include "tests/unit/learner/checkpoint/store_fixture.h"

namespace nmn::checkpoint {
namespace {

// The real disk until operation `first_failure` (from 0); then every operation fails, or only that one. A write that
// fails has written half of its bytes, as on a full disk.
class FailingFileSystem : public fs::FileSystem {
 public:
  FailingFileSystem(int first_failure, bool for_ever) : first_failure_(first_failure), for_ever_(for_ever) {}

  int operations() const { return operations_; }

  absl::StatusOr<std::string> Read(const std::string& path) override {
    if (Fails()) return Full();
    return real_.Read(path);
  }
  absl::StatusOr<std::string> ReadPart(const std::string& path, uint64_t offset, size_t bytes) override {
    if (Fails()) return Full();
    return real_.ReadPart(path, offset, bytes);
  }
  absl::Status WriteDurably(const std::string& path, std::string_view content) override {
    if (!Fails()) return real_.WriteDurably(path, content);
    real_.WriteDurably(path, content.substr(0, content.size() / 2)).IgnoreError();
    return Full();
  }
  absl::Status Append(const std::string& path, std::string_view content) override {
    return Fails() ? Full() : real_.Append(path, content);
  }
  absl::Status Sync(const std::string& path) override { return Fails() ? Full() : real_.Sync(path); }
  absl::StatusOr<fs::Target> FollowLinks(const std::string& path) override {
    if (Fails()) return Full();
    return real_.FollowLinks(path);
  }
  absl::StatusOr<std::unique_ptr<fs::Writer>> CreateNew(const std::string& path, const fs::Target& like) override {
    if (Fails()) return Full();
    return real_.CreateNew(path, like);
  }
  absl::StatusOr<std::unique_ptr<fs::Writer>> OpenInPlace(const fs::Target& target) override {
    if (Fails()) return Full();
    return real_.OpenInPlace(target);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    return Fails() ? Full() : real_.Rename(from, to);
  }
  absl::Status SyncDirectory(const std::string& path) override { return Fails() ? Full() : real_.SyncDirectory(path); }
  absl::Status CreateDirectories(const std::string& path) override {
    return Fails() ? Full() : real_.CreateDirectories(path);
  }
  absl::Status RemoveAll(const std::string& path) override { return Fails() ? Full() : real_.RemoveAll(path); }
  absl::Status Truncate(const std::string& path, uint64_t bytes) override {
    return Fails() ? Full() : real_.Truncate(path, bytes);
  }
  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override {
    if (Fails()) return Full();
    return real_.List(path);
  }
  absl::StatusOr<bool> Exists(const std::string& path) override {
    if (Fails()) return Full();
    return real_.Exists(path);
  }
  absl::StatusOr<uint64_t> Size(const std::string& path) override {
    if (Fails()) return Full();
    return real_.Size(path);
  }

 private:
  bool Fails() {
    const int operation = operations_++;
    return for_ever_ ? operation >= first_failure_ : operation == first_failure_;
  }
  static absl::Status Full() { return absl::ResourceExhaustedError("cannot write: No space left on device"); }

  fs::FileSystem& real_ = fs::RealFileSystem();
  const int first_failure_;
  const bool for_ever_;
  int operations_ = 0;
};

class FailingDiskTest : public StoreTest, public ::testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    for (uint32_t update : {10, 20, 30}) Save(update);
    std::filesystem::rename(run_ + "/checkpoints", run_ + "/beginning");
  }
  // Updates 10, 20 and 30, copied because a save and its syncs take long.
  void Begin() {
    std::filesystem::remove_all(run_ + "/checkpoints");
    std::filesystem::copy(run_ + "/beginning", run_ + "/checkpoints", std::filesystem::copy_options::recursive);
  }
  // Operations of one save of `update` where nothing fails.
  int CountOperations(uint32_t update) {
    Begin();
    FailingFileSystem disk(1 << 30, true);
    EXPECT_TRUE(CheckpointStore(disk, run_, 3).Save(Make(update)).ok());
    return disk.operations();
  }
};

TEST_P(FailingDiskTest, AFailureAtAnyOperationOfASaveLeavesThePreviousOrTheNewCheckpoint) {
  const int operations = CountOperations(40);
  ASSERT_GT(operations, 10);
  bool new_one_seen = false;
  for (int n = 0; n < operations; ++n) {
    Begin();
    FailingFileSystem disk(n, GetParam());
    const absl::Status saved = CheckpointStore(disk, run_, 3).Save(Make(40));
    const auto restored = Restore();
    ASSERT_TRUE(restored.ok()) << n << ": " << restored.status();
    ASSERT_TRUE(restored->has_value()) << n;
    const uint32_t update = (*restored)->state.update();
    ExpectSame(**restored, Make(update));
    EXPECT_TRUE(update == 40 || (update == 30 && !saved.ok())) << n << ": " << update << " " << saved;
    EXPECT_TRUE(reports_.empty()) << n;
    new_one_seen |= update == 40;
  }
  EXPECT_TRUE(new_one_seen);
}

TEST_P(FailingDiskTest, AFailureWhileAnUpdateIsReplacedLosesNeither) {
  const int operations = CountOperations(30);
  for (int n = 0; n < operations; ++n) {
    Begin();
    FailingFileSystem disk(n, GetParam());
    Checkpoint later = Make(30);
    later.state.mutable_progress()->set_wall_seconds(99);
    const absl::Status saved = CheckpointStore(disk, run_, 3).Save(later);
    const auto restored = Restore();
    ASSERT_TRUE(restored.ok()) << n << ": " << restored.status();
    ASSERT_TRUE(restored->has_value()) << n;
    ExpectSame(**restored, (*restored)->state.progress().wall_seconds() == 99 ? later : Make(30));
    if (saved.ok()) ExpectSame(**restored, later);
  }
}

TEST_P(FailingDiskTest, AFailedFirstSaveIsNoCheckpoint) {
  FailingFileSystem disk(3, GetParam());
  EXPECT_FALSE(CheckpointStore(disk, run_, 3).Save(Make(0)).ok());
  EXPECT_FALSE(*Store().Any());
  const auto restored = Restore();
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_FALSE(restored->has_value());
}

TEST_P(FailingDiskTest, TheNextSaveAfterAFailureSucceedsAndRemovesWhatWasLeft) {
  const int operations = CountOperations(40);
  for (int n = 0; n < operations; ++n) {
    Begin();
    FailingFileSystem disk(n, GetParam());
    CheckpointStore(disk, run_, 3).Save(Make(40)).IgnoreError();
    Save(50);
    ExpectSame(**Restore(), Make(50));
    EXPECT_EQ(Names().size(), 3u) << n;
  }
}

TEST_P(FailingDiskTest, AnUnreadableDiskIsAnErrorAndThrowsNothingAway) {
  Begin();
  FailingFileSystem disk(3, GetParam());
  const auto restored = CheckpointStore(disk, run_, 3).Restore([](const std::string&) { FAIL(); });
  EXPECT_EQ(restored.status().code(), absl::StatusCode::kResourceExhausted);
  ExpectSame(**Restore(), Make(30));
}

// Of the other tests' failures the code says that nothing is to be thrown away; an I/O error does not.
TEST(FlakyDisk, AReadThatFailsOnceCostsNoCheckpoint) {
  testing::FaultFileSystem disk;
  for (uint32_t update : {10, 20}) ASSERT_TRUE(CheckpointStore(disk, "/run", 3).Save(StoreTest::Make(update)).ok());
  const uint64_t before = disk.steps();
  ASSERT_TRUE(CheckpointStore(disk, "/run", 3).Restore([](const std::string&) { FAIL(); }).ok());
  const uint64_t steps = disk.steps() - before;
  for (uint64_t step = 0; step < steps; ++step) {
    disk.FailAt(disk.steps() + step, EIO, false);
    const auto restored = CheckpointStore(disk, "/run", 3).Restore([](const std::string& r) { ADD_FAILURE() << r; });
    if (restored.ok()) {
      EXPECT_EQ((*restored)->state.update(), 20u) << step;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Disk, FailingDiskTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "FailsForEver" : "FailsOnce"; });

}  // namespace
}  // namespace nmn::checkpoint
