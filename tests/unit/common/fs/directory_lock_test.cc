#include "common/fs/directory_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

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
      const auto lock = DirectoryLock::Acquire(root_, "learner");
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
  const absl::Status status = DirectoryLock::Acquire(root_, "learner").status();
  Kill(child);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), root_ + " is in use by another learner (pid " + std::to_string(child) + ")");
}

TEST_F(LockedDirectory, IsFreeAgainOnceItsHolderIsKilled) {
  Kill(Hold());
  EXPECT_TRUE(DirectoryLock::Acquire(root_, "learner").ok());
}

TEST_F(LockedDirectory, IsFreeAgainOnceTheLockIsDestroyed) {
  ASSERT_TRUE(DirectoryLock::Acquire(root_, "learner").ok());
  EXPECT_TRUE(DirectoryLock::Acquire(root_, "learner").ok());
}

TEST_F(LockedDirectory, RefusesASecondLearnerOfTheSameProcess) {
  const auto first = DirectoryLock::Acquire(root_, "learner");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(DirectoryLock::Acquire(root_, "learner").status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(LockedDirectory, AnAbsentDirectoryIsNamed) {
  EXPECT_EQ(DirectoryLock::Acquire(root_ + "/none", "learner").status().message(),
            "cannot lock " + root_ + "/none/.lock: No such file or directory");
}

TEST_F(LockedDirectory, ALockThatIsADirectoryIsNoOtherProcess) {
  std::filesystem::create_directory(root_ + "/.lock");
  const absl::Status status = DirectoryLock::Acquire(root_, "learner").status();
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_EQ(status.message(), "cannot lock " + root_ + "/.lock: Is a directory");
}

// Each in a directory of its own below root_.
TEST_F(LockedDirectory, ADirectoryThatIsNoLongerTheLockedOneIsNoticed) {
  const auto check = [&](const std::string& name, const auto& change) {
    const std::string path = root_ + "/" + name;
    std::filesystem::create_directory(path);
    const auto lock = DirectoryLock::Acquire(path, "learner");
    EXPECT_TRUE(lock.ok()) << lock.status();
    EXPECT_TRUE((*lock)->Check().ok());
    change(path);
    const absl::Status status = (*lock)->Check();
    EXPECT_TRUE(status.ok() || absl::IsFailedPrecondition(status)) << status;
    std::string message(status.message());
    return message.substr(0, path.size()) == path ? message.substr(path.size()) : message;
  };
  const auto move = [](const std::string& path) { std::filesystem::rename(path, path + "-2"); };
  const std::string moved = " was moved to " + std::filesystem::canonical(root_).string() + "/";
  EXPECT_EQ(check("moved", move), moved + "moved-2 by somebody while it was in use; go on with it there");
  EXPECT_EQ(check("replaced",
                  [&](const std::string& path) {
                    move(path);
                    std::filesystem::create_directory(path);
                  }),
            moved + "replaced-2 by somebody while it was in use; go on with it there");
  EXPECT_EQ(check("removed", [](const std::string& path) { std::filesystem::remove_all(path); }),
            " was removed by somebody while it was in use");
  EXPECT_EQ(check("taken",
                  [](const std::string& path) {
                    std::filesystem::remove(path + "/.lock");
                    EXPECT_TRUE(DirectoryLock::Acquire(path, "learner").ok());
                  }),
            "/.lock was removed by somebody, and another process has locked the directory");
  // Nobody else has it yet.
  EXPECT_EQ(check("unlocked", [](const std::string& path) { std::filesystem::remove(path + "/.lock"); }), "");
  EXPECT_EQ(check("linked",
                  [&](const std::string& path) {
                    move(path);
                    std::filesystem::create_directory_symlink(path + "-2", path);
                  }),
            "");
}

}  // namespace
}  // namespace nmn::fs
