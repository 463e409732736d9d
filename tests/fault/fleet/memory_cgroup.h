#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace nmn::fault {

// A memory cgroup of its own, v1 or v2, whichever this machine mounts; removed when destroyed, by when its processes
// must have ended. Not thread-safe.
class MemoryCgroup {
 public:
  // UNAVAILABLE, with what was tried: no cgroup that limits memory can be written here.
  static absl::StatusOr<std::unique_ptr<MemoryCgroup>> Create(const std::string& name);
  ~MemoryCgroup();

  // What to put before a command's words so that it runs in this cgroup from its first instruction on.
  std::vector<std::string> Prefix() const;

  // False where the kernel refuses: in v1, what is held and cannot be given back is more.
  bool SetLimit(uint64_t bytes);
  void LiftLimit();
  uint64_t usage() const;
  // Processes in here that the kernel has killed for want of memory.
  uint64_t kills() const;

 private:
  MemoryCgroup(std::string folder, bool unified) : folder_(std::move(folder)), unified_(unified) {}

  const std::string folder_;
  const bool unified_;  // v2
};

}  // namespace nmn::fault
