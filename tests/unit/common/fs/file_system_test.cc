#include "common/fs/file_system.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>

#include "common/fs/directory_lock.h"

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

// Opening a pipe would wait for whoever holds its other end, and /dev/zero has no end.
TEST_F(RealDisk, APipeOrADeviceIsNoFile) {
  ASSERT_EQ(::mkfifo((root_ + "/pipe").c_str(), 0600), 0);
  for (const std::string& path : {root_ + "/pipe", std::string("/dev/zero")}) {
    for (const absl::Status& status : {fs_.Read(path).status(), fs_.Append(path, "x"), fs_.Truncate(path, 0)}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_TRUE(std::string(status.message()).ends_with(path + ": it is a pipe, a socket or a device, and no file"))
          << status;
    }
  }
}

TEST_F(RealDisk, ATemporaryBesideAFileIsNewEachTimeAndKnownToWhoCleansUp) {
  const std::string one = TemporaryBeside(root_ + "/f"), two = TemporaryBeside(root_ + "/f");
  EXPECT_NE(one, two);
  ASSERT_TRUE(fs_.WriteDurably(one, "x").ok());
  ASSERT_TRUE(RemoveTemporaries(fs_, root_).ok());
  EXPECT_FALSE(*fs_.Exists(one));
}

TEST_F(RealDisk, ReadsAPart) {
  ASSERT_TRUE(fs_.WriteDurably(root_ + "/f", "abcdef").ok());
  EXPECT_EQ(*fs_.ReadPart(root_ + "/f", 2, 3), "cde");
  EXPECT_EQ(*fs_.ReadPart(root_ + "/f", 4, 3), "ef");
  EXPECT_EQ(*fs_.ReadPart(root_ + "/f", 6, 1), "");
  EXPECT_EQ(fs_.ReadPart(root_ + "/none", 0, 1).status().code(), absl::StatusCode::kNotFound);
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
  EXPECT_EQ(status.message(), "cannot write " + root_ + "/f: File too large (see ulimit -f)");
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

TEST_F(RealDisk, AFileThatNoMemoryHoldsIsRefusedByItsSize) {
  std::ofstream(root_ + "/huge");
  std::filesystem::resize_file(root_ + "/huge", kMostBytesRead + 1);
  const absl::Status status = fs_.Read(root_ + "/huge").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("/huge has 4294967297 bytes"));
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

TEST_F(RealDisk, WriteAtomicallyLeavesAUsersTmpFileAlone) {
  ASSERT_TRUE(fs_.WriteDurably(root_ + "/f.tmp", "mine").ok());
  ASSERT_TRUE(WriteAtomically(fs_, root_ + "/f", "new").ok());
  EXPECT_EQ(*fs_.Read(root_ + "/f.tmp"), "mine");
}

TEST_F(RealDisk, WriteAtomicallyFollowsLinksAlsoToWhatIsNotThereYet) {
  ASSERT_TRUE(fs_.CreateDirectories(root_ + "/d").ok());
  ASSERT_TRUE(fs_.WriteDurably(root_ + "/d/f", "old").ok());
  std::filesystem::create_symlink("d/f", root_ + "/one");
  std::filesystem::create_symlink(root_ + "/one", root_ + "/two");
  std::filesystem::create_symlink("d/none", root_ + "/ahead");
  ASSERT_TRUE(WriteAtomically(fs_, root_ + "/two", "new").ok());
  ASSERT_TRUE(WriteAtomically(fs_, root_ + "/ahead", "made").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(root_ + "/one"));
  EXPECT_TRUE(std::filesystem::is_symlink(root_ + "/two"));
  EXPECT_EQ(*fs_.Read(root_ + "/d/f"), "new");
  EXPECT_EQ(*fs_.Read(root_ + "/d/none"), "made");
  EXPECT_THAT(*fs_.List(root_ + "/d"), ElementsAre("f", "none"));
}

TEST_F(RealDisk, WriteAtomicallyNamesALinkThatLeadsToItself) {
  std::filesystem::create_symlink("loop", root_ + "/loop");
  EXPECT_EQ(WriteAtomically(fs_, root_ + "/loop", "x").message(),
            "cannot write " + root_ + "/loop: Too many levels of symbolic links");
}

TEST_F(RealDisk, WriteAtomicallyKeepsPermissionBits) {
  ASSERT_TRUE(fs_.WriteDurably(root_ + "/f", "old").ok());
  std::filesystem::permissions(root_ + "/f", std::filesystem::perms(0640));
  ASSERT_TRUE(WriteAtomically(fs_, root_ + "/f", "new").ok());
  EXPECT_EQ(std::filesystem::status(root_ + "/f").permissions(), std::filesystem::perms(0640));
}

TEST_F(RealDisk, ALockThatIsALinkIsRefusedAndItsEndLeftAlone) {
  ASSERT_TRUE(fs_.WriteDurably(root_ + "/thesis", "mine").ok());
  std::filesystem::create_directory(root_ + "/run");
  std::filesystem::create_symlink("../thesis", root_ + "/run/.lock");
  const absl::Status status = DirectoryLock::Acquire(root_ + "/run", "learner").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("/run/.lock: it is a link"));
  EXPECT_EQ(*fs_.Read(root_ + "/thesis"), "mine");
}

TEST_F(RealDisk, ALockIsWrittenOverALockAndOverNothingElse) {
  for (const std::string& before : {std::string(), std::string("12345\n"), std::string(6, '\0')}) {
    ASSERT_TRUE(fs_.WriteDurably(root_ + "/.lock", before).ok());
    EXPECT_TRUE(DirectoryLock::Acquire(root_, "learner").ok()) << before;
    EXPECT_EQ(*fs_.Read(root_ + "/.lock"), std::to_string(::getpid()) + "\n");
  }
  for (const std::string before : {"12 chapters, locked away", "the only copy\n"}) {
    ASSERT_TRUE(fs_.WriteDurably(root_ + "/.lock", before).ok());
    const absl::Status status = DirectoryLock::Acquire(root_, "learner").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("/.lock: it is a file of somebody else"));
    EXPECT_EQ(*fs_.Read(root_ + "/.lock"), before);
  }
}

TEST_F(RealDisk, WriteAtomicallyRefusesADirectoryAndNamesEveryReason) {
  EXPECT_EQ(WriteAtomically(fs_, root_, "x").message(), "cannot write " + root_ + ": Is a directory");
  EXPECT_EQ(WriteAtomically(fs_, root_ + "/none/f", "x").message(),
            "cannot write " + root_ + "/none/f: No such file or directory");
  EXPECT_EQ(WriteAtomically(fs_, "/dev/full", "x").message(), "cannot write /dev/full: No space left on device");
}

TEST_F(RealDisk, WriteAtomicallyLeavesDevicesAndFifosWhatTheyAre) {
  ASSERT_TRUE(WriteAtomically(fs_, "/dev/null", "x").ok());
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  ASSERT_EQ(::mkfifo((root_ + "/fifo").c_str(), 0600), 0);
  auto read = std::async(std::launch::async, [&] {
    std::ifstream fifo(root_ + "/fifo");
    return std::string(std::istreambuf_iterator<char>(fifo), {});
  });
  ASSERT_TRUE(WriteAtomically(fs_, root_ + "/fifo", "through").ok());
  EXPECT_EQ(read.get(), "through");
  EXPECT_TRUE(std::filesystem::is_fifo(root_ + "/fifo"));
}

// A second opening of /dev/fd/N would begin at the file's head again.
TEST_F(RealDisk, WriteAtomicallyWritesAnOpenDescriptorWhereItStands) {
  const int fd = ::open((root_ + "/f").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_EQ(::write(fd, "before,", 7), 7);
  std::filesystem::create_symlink("/dev/fd/" + std::to_string(fd), root_ + "/link");
  ASSERT_TRUE(WriteAtomically(fs_, "/dev/fd/" + std::to_string(fd), "inside,").ok());
  ASSERT_TRUE(WriteAtomically(fs_, root_ + "/link", "linked,").ok());
  ASSERT_EQ(::write(fd, "after", 5), 5);
  ::close(fd);
  EXPECT_EQ(*fs_.Read(root_ + "/f"), "before,inside,linked,after");
}

TEST_F(RealDisk, WritersOfOneFileDoNotMixTheirContents) {
  const std::string a(1 << 20, 'a'), b(1 << 20, 'b');
  const auto write = [&](const std::string& content) {
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(WriteAtomically(fs_, root_ + "/f", content).ok());
  };
  std::thread other(write, a);
  write(b);
  other.join();
  const std::string content = *fs_.Read(root_ + "/f");
  EXPECT_TRUE(content == a || content == b);
  EXPECT_THAT(*fs_.List(root_), ElementsAre("f"));
}

TEST_F(RealDisk, AFileThatIsNotCommittedLeavesTheOldOneAndNoTrace) {
  ASSERT_TRUE(fs_.WriteDurably(root_ + "/f", "old").ok());
  {
    absl::StatusOr<WholeFile> file = WholeFile::Begin(fs_, root_ + "/f");
    ASSERT_TRUE(file.ok() && file->Write("half").ok());
    EXPECT_EQ(*fs_.Read(root_ + "/f"), "old");
  }
  EXPECT_EQ(*fs_.Read(root_ + "/f"), "old");
  EXPECT_THAT(*fs_.List(root_), ElementsAre("f"));
}

TEST_F(RealDisk, AWriterThatIsKilledLeavesNoTrace) {
  const int probe = ::open(root_.c_str(), O_TMPFILE | O_WRONLY, 0600);
  if (probe < 0) GTEST_SKIP() << "this file system has no files without a name";
  ::close(probe);
  const pid_t child = ::fork();
  if (child == 0) {
    absl::StatusOr<WholeFile> file = WholeFile::Begin(fs_, root_ + "/f");
    if (file.ok() && file->Write("half").ok()) ::raise(SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_THAT(*fs_.List(root_), ElementsAre());
}

// As after a kill between the two last steps, in a process of the same number.
TEST_F(RealDisk, AnothersTemporaryIsLeftAlone) {
  for (int number = 0; number < 1000; ++number) {
    std::ofstream(root_ + "/.nmn-" + std::to_string(::getpid()) + "-" + std::to_string(number) + ".tmp") << "other";
  }
  ASSERT_TRUE(WriteAtomically(fs_, root_ + "/f", "new").ok());
  EXPECT_EQ(*fs_.Read(root_ + "/f"), "new");
  EXPECT_EQ(fs_.List(root_)->size(), 1001u);
}

TEST_F(RealDisk, RemovesWhatKilledWritersLeftAndNothingElse) {
  // A report beside a run that starts, and one that was killed.
  const pid_t alive = ::fork();
  if (alive == 0) {
    for (;;) ::pause();
  }
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(dead, nullptr, 0), dead);
  const auto of = [](pid_t pid) { return ".nmn-" + std::to_string(pid) + "-0.tmp"; };
  for (const std::string& name : {of(alive), of(dead), of(::getpid()), std::string("f.tmp"), std::string(".nmn-notes")})
    ASSERT_TRUE(fs_.WriteDurably(root_ + "/" + name, "").ok());
  const absl::Status removed = RemoveTemporaries(fs_, root_);
  const auto left = *fs_.List(root_);
  ::kill(alive, SIGKILL);
  ASSERT_EQ(::waitpid(alive, nullptr, 0), alive);
  ASSERT_TRUE(removed.ok());
  EXPECT_THAT(left, ::testing::UnorderedElementsAre(of(alive), ".nmn-notes", "f.tmp"));
}

TEST_F(RealDisk, RenameNamesBothEndsInItsError) {
  EXPECT_EQ(fs_.Rename(root_ + "/a", root_ + "/b").message(),
            "cannot rename " + root_ + "/a to " + root_ + "/b: No such file or directory");
}

}  // namespace
}  // namespace nmn::fs
