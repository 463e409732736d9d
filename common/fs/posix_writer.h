#pragma once

#include <memory>
#include <string>

#include "common/fs/file_system.h"

namespace nmn::fs {

// FileSystem's FollowLinks, CreateNew and OpenInPlace on the real disk.
absl::StatusOr<Target> FollowPosixLinks(const std::string& path);
absl::StatusOr<std::unique_ptr<Writer>> CreatePosixWriter(const std::string& path, const Target& like);
absl::StatusOr<std::unique_ptr<Writer>> OpenPosixWriter(const std::string& path);

}  // namespace nmn::fs
