#include "learner/run/run_storage.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/failpoint/failpoint.h"
#include "common/fs/errors.h"
#include "learner/run/event_log.h"

namespace nmn::run {

namespace {

// The error of making a directory does not say that a link leads to nothing. This does.
std::string LinkToNothing(const std::string& path) {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::read_symlink(path, error);
  return error ? "" : absl::StrCat(": it is a link to ", target.string());
}

}  // namespace

absl::StatusOr<RunStorage> OpenStorage(const RunOptions& options) {
  fs::FileSystem& fs = fs::RealFileSystem();
  std::error_code error;
  if (std::filesystem::equivalent(options.directory, "/", error)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--run_dir=", options.directory, " is the root of the file system; name a folder for the run"));
  }
  if (absl::Status status = fs.CreateDirectories(options.directory); !status.ok()) {
    if (absl::IsResourceExhausted(status))
      return absl::ResourceExhaustedError(
          absl::StrCat(status.message(), "; ", fs::RoomAdvice(status), " or choose another --run_dir"));
    return absl::PermissionDeniedError(absl::StrCat(status.message(), "; choose another --run_dir"));
  }
  absl::StatusOr<std::unique_ptr<fs::DirectoryLock>> lock = fs::DirectoryLock::Acquire(options.directory, "learner");
  if (!lock.ok()) {
    // Another process may end; everything else about a lock is for good.
    if (absl::IsFailedPrecondition(lock.status())) return absl::UnavailableError(lock.status().message());
    return absl::Status(
        lock.status().code(),
        absl::StrCat("the run directory ", options.directory, " cannot be used (", std::string(lock.status().message()),
                     LinkToNothing(options.directory), "); choose another --run_dir"));
  }
  if (absl::Status status = failpoint::Hit(failpoint::Point::kStartLocked); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<RunDirectory>> files = RunDirectory::Open(fs, options.directory);
  if (!files.ok()) return files.status();
  std::unique_ptr<RunEvents> events = std::make_unique<RunEvents>();
  if (options.event_log) events = std::make_unique<EventLog>(**files);
  auto checkpoints =
      std::make_unique<checkpoint::CheckpointStore>(fs, options.directory, options.config.checkpoint().keep());
  return RunStorage{
      fs, options.directory, *std::move(lock), *std::move(files), std::move(events), std::move(checkpoints)};
}

}  // namespace nmn::run
