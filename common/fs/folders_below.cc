#include "common/fs/folders_below.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace nmn::fs {
namespace {

constexpr size_t kMostNamed = 3;

}  // namespace

std::string FoldersBelow(const std::string& directory, const std::string& file) {
  std::vector<std::pair<std::filesystem::file_time_type, std::string>> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code absent;
    const auto changed = std::filesystem::last_write_time(entry->path() / file, absent);
    if (!absent) found.emplace_back(changed, entry->path().string());
  }
  if (found.empty()) return "";
  std::sort(found.rbegin(), found.rend());
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(found.size(), kMostNamed); ++i) names.push_back(found[i].second);
  return absl::StrCat("; below it there ", found.size() == 1 ? "is " : "are ", absl::StrJoin(names, ", "),
                      found.size() > kMostNamed ? absl::StrCat(" and ", found.size() - kMostNamed, " more") : "");
}

}  // namespace nmn::fs
