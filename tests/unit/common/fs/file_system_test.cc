#include "common/fs/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <string>

namespace nmn::fs {
namespace {

using ::testing::ElementsAre;

class RealDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "nmn_fs_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  FileSystem& fs_ = RealFileSystem();
  std::string root_;
};

TEST_F(RealDisk, ReadsWhatWasWritten) {
  const std::string content = std::string("a\0b", 3) + std::string(200000, 'x');
  ASSERT_TRUE(fs_.WriteDurably(root_ + "/f", content).ok());
  EXPECT_EQ(*fs_.Read(root_ + "/f"), content);
  EXPECT_EQ(*fs_.Size(root_ + "/f"), content.size());
  ASSERT_TRUE(fs_.WriteDurably(root_ + "/f", "short").ok());
  EXPECT_EQ(*fs_.Read(root_ + "/f"), "short");
}

TEST_F(RealDisk, AppendCreatesAndAdds) {
  ASSERT_TRUE(fs_.Append(root_ + "/f", "a\n").ok());
  ASSERT_TRUE(fs_.Append(root_ + "/f", "b\n").ok());
  EXPECT_TRUE(fs_.Sync(root_ + "/f").ok());
  EXPECT_EQ(*fs_.Read(root_ + "/f"), "a\nb\n");
}

TEST_F(RealDisk, AnAppendThatFailsHalfwayLeavesTheFileAsItWas) {
  ASSERT_TRUE(fs_.Append(root_ + "/f", "row\n").ok());
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {10, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = fs_.Append(root_ + "/f", "a row that does not fit\n");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(status.message(), "cannot write " + root_ + "/f: File too large");
  EXPECT_EQ(*fs_.Read(root_ + "/f"), "row\n");
}

TEST_F(RealDisk, AnAbsentFileIsNotFoundAndNamed) {
  const absl::Status status = fs_.Read(root_ + "/none").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "cannot read " + root_ + "/none: No such file or directory");
  EXPECT_FALSE(*fs_.Exists(root_ + "/none"));
  EXPECT_FALSE(fs_.Size(root_ + "/none").ok());
  EXPECT_FALSE(fs_.List(root_ + "/none").ok());
  EXPECT_FALSE(fs_.Sync(root_ + "/none").ok());
}

TEST_F(RealDisk, AFileAsParentIsNamedInEveryError) {
  ASSERT_TRUE(fs_.WriteDurably(root_ + "/f", "").ok());
  EXPECT_EQ(fs_.WriteDurably(root_ + "/f/x", "").message(), "cannot write " + root_ + "/f/x: Not a directory");
  EXPECT_EQ(fs_.CreateDirectories(root_ + "/f/x").message(),
            "cannot create directory " + root_ + "/f: Not a directory");
  EXPECT_EQ(fs_.CreateDirectories(root_ + "/f").message(), "cannot create directory " + root_ + "/f: Not a directory");
}

TEST_F(RealDisk, CreatesNestedDirectoriesAndListsThemSorted) {
  ASSERT_TRUE(fs_.CreateDirectories(root_ + "/b/c/d/").ok());
  ASSERT_TRUE(fs_.CreateDirectories(root_ + "/b/c").ok());
  ASSERT_TRUE(fs_.WriteDurably(root_ + "/a", "").ok());
  EXPECT_THAT(*fs_.List(root_), ElementsAre("a", "b"));
  EXPECT_THAT(*fs_.List(root_ + "/b/c"), ElementsAre("d"));
  EXPECT_TRUE(fs_.SyncDirectory(root_).ok());
}

TEST_F(RealDisk, RemovesATreeAndNothingWithoutComplaint) {
  ASSERT_TRUE(fs_.CreateDirectories(root_ + "/b/c").ok());
  EXPECT_TRUE(fs_.RemoveAll(root_ + "/b").ok());
  EXPECT_TRUE(fs_.RemoveAll(root_ + "/b").ok());
  EXPECT_FALSE(*fs_.Exists(root_ + "/b"));
}

TEST_F(RealDisk, TruncateShortensAndNeverLengthens) {
  ASSERT_TRUE(fs_.WriteDurably(root_ + "/f", "abcdef").ok());
  ASSERT_TRUE(fs_.Truncate(root_ + "/f", 2).ok());
  EXPECT_EQ(*fs_.Read(root_ + "/f"), "ab");
  EXPECT_EQ(fs_.Truncate(root_ + "/f", 3).message(), "cannot truncate " + root_ + "/f to 3 bytes: it has only 2");
  EXPECT_EQ(*fs_.Read(root_ + "/f"), "ab");
}

TEST_F(RealDisk, WriteAtomicallyReplacesAndLeavesNoTemporary) {
  ASSERT_TRUE(WriteAtomically(fs_, root_ + "/f", "old").ok());
  ASSERT_TRUE(WriteAtomically(fs_, root_ + "/f", "new").ok());
  EXPECT_EQ(*fs_.Read(root_ + "/f"), "new");
  EXPECT_THAT(*fs_.List(root_), ElementsAre("f"));
}

TEST_F(RealDisk, RenameNamesBothEndsInItsError) {
  EXPECT_EQ(fs_.Rename(root_ + "/a", root_ + "/b").message(),
            "cannot rename " + root_ + "/a to " + root_ + "/b: No such file or directory");
}

}  // namespace
}  // namespace nmn::fs
