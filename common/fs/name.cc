#include "common/fs/name.h"

#include <filesystem>
#include <system_error>

namespace nmn::fs {

std::string NameOf(const std::string& directory) {
  std::error_code gone;  // no working directory: the path as it is written
  const std::filesystem::path absolute = std::filesystem::absolute(directory, gone);
  const std::filesystem::path path = gone ? std::filesystem::path(directory) : absolute;
  return (path / "").lexically_normal().parent_path().filename().string();
}

}  // namespace nmn::fs
