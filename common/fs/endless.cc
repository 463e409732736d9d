#include "common/fs/endless.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace nmn::fs {

absl::Status RefuseEndless(const std::string& path, const std::string& wanted) {
  std::error_code error;
  if (!std::filesystem::is_other(path, error)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(path, " is a pipe, a socket or a device; name ", wanted));
}

}  // namespace nmn::fs
