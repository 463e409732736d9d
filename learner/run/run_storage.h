#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/fs/directory_lock.h"
#include "common/fs/file_system.h"
#include "learner/checkpoint/checkpoint.h"
#include "learner/run/run_directory.h"
#include "learner/run/run_events.h"
#include "learner/run/run_options.h"

namespace nmn::run {

// A run's place on disk, which belongs to this process as long as it lives.
struct RunStorage {
  fs::FileSystem& fs;
  std::string directory;
  std::unique_ptr<fs::DirectoryLock> lock;
  std::unique_ptr<RunDirectory> files;
  std::unique_ptr<RunEvents> events;  // writes events.jsonl where that was asked for
  std::unique_ptr<checkpoint::CheckpointStore> checkpoints;
};

// Creates the directory where it is absent, and locks it. UNAVAILABLE: another process has it; PERMISSION_DENIED: it
// cannot be written. Both name it.
absl::StatusOr<RunStorage> OpenStorage(const RunOptions& options);

}  // namespace nmn::run
