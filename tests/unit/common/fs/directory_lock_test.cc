#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "common/fs/file_system.h"

namespace nmn::fs {
namespace {

class LockedDirectory : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "nmn_lock_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  // A child that takes the lock, says so, and keeps it until it is killed.
  pid_t Hold() {
    int pipe_ends[2];
    EXPECT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto lock = DirectoryLock::Acquire(root_);
      const char answer = lock.ok() ? 'y' : 'n';
      if (::write(pipe_ends[1], &answer, 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    char answer = 0;
    EXPECT_EQ(::read(pipe_ends[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
    return child;
  }
  static void Kill(pid_t child) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }

  std::string root_;
};

TEST_F(LockedDirectory, RefusesASecondProcessAndNamesTheFirst) {
  const pid_t child = Hold();
  const absl::Status status = DirectoryLock::Acquire(root_).status();
  Kill(child);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), root_ + " is in use by another learner (pid " + std::to_string(child) + ")");
}

TEST_F(LockedDirectory, IsFreeAgainOnceItsHolderIsKilled) {
  Kill(Hold());
  EXPECT_TRUE(DirectoryLock::Acquire(root_).ok());
}

TEST_F(LockedDirectory, IsFreeAgainOnceTheLockIsDestroyed) {
  ASSERT_TRUE(DirectoryLock::Acquire(root_).ok());
  EXPECT_TRUE(DirectoryLock::Acquire(root_).ok());
}

TEST_F(LockedDirectory, RefusesASecondLearnerOfTheSameProcess) {
  const auto first = DirectoryLock::Acquire(root_);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(DirectoryLock::Acquire(root_).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(LockedDirectory, AnAbsentDirectoryIsNamed) {
  EXPECT_EQ(DirectoryLock::Acquire(root_ + "/none").status().message(),
            "cannot lock " + root_ + "/none/.lock: No such file or directory");
}

}  // namespace
}  // namespace nmn::fs
