#pragma once

#include <cstdint>
#include <string>

namespace nmn::fault {

// A tmpfs of its own at a path, for disks that are full or read-only where the tests run as root, whom permissions do
// not stop. Mounts are seen by this process and those it starts, and by nobody else. Not thread-safe.
class SmallDisk {
 public:
  // Empty where mounting is allowed, otherwise why it is not.
  static std::string WhyNot();

  // Mounts at `path`, which is created.
  SmallDisk(std::string path, uint64_t bytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::string& path() const { return path_; }
  // Takes all space that is left, in a file beside the others; and gives it back.
  void Fill();
  void Free();
  // Whoever opens a file by its path from now on meets a read-only file system, or no longer does.
  void MakeReadOnly();
  void MakeWritable();

 private:
  const std::string path_;
  bool read_only_ = false;
};

}  // namespace nmn::fault
