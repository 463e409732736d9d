#include "tests/fault/fleet/mount.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

namespace nmn::fault {
namespace {

// A mount namespace of its own, from which nothing spreads.
std::string Separate() {
  if (::unshare(CLONE_NEWNS) != 0) return std::string("unshare: ") + std::strerror(errno);
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return std::string("mount: ") + std::strerror(errno);
  return "";
}

void Check(int result, const std::string& what) { EXPECT_EQ(result, 0) << what << ": " << std::strerror(errno); }

}  // namespace

std::string SmallDisk::WhyNot() {
  static const std::string reason = Separate();
  return reason;
}

SmallDisk::SmallDisk(std::string path, uint64_t bytes) : path_(std::move(path)) {
  EXPECT_EQ(WhyNot(), "");
  std::filesystem::create_directories(path_);
  Check(::mount("tmpfs", path_.c_str(), "tmpfs", 0, ("size=" + std::to_string(bytes)).c_str()), "mount " + path_);
}

SmallDisk::~SmallDisk() {
  if (read_only_) MakeWritable();
  ::umount2(path_.c_str(), MNT_DETACH);
}

void SmallDisk::Fill() {
  const int file = ::open((path_ + "/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, 0600);
  const std::vector<char> bytes(4096);
  while (::write(file, bytes.data(), bytes.size()) > 0) {
  }
  EXPECT_EQ(errno, ENOSPC);
  ::close(file);
}

void SmallDisk::Free() { std::filesystem::remove(path_ + "/filler"); }

// A second mount of the same files over the first: the first is busy, as files of it are open.
void SmallDisk::MakeReadOnly() {
  Check(::mount(path_.c_str(), path_.c_str(), nullptr, MS_BIND, nullptr), "bind " + path_);
  Check(::mount("none", path_.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), "remount " + path_);
  read_only_ = true;
}

void SmallDisk::MakeWritable() {
  Check(::umount2(path_.c_str(), MNT_DETACH), "unmount " + path_);
  read_only_ = false;
}

}  // namespace nmn::fault
