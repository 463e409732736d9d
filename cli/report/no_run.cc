#include "cli/report/no_run.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/fs/folders_below.h"
#include "common/text/suggestion.h"

namespace nmn::report {
namespace {

namespace stdfs = std::filesystem;

constexpr char kMark[] = "config.textproto";
constexpr char kNeeded[] = "name the directory of a run, which nmn train --run_dir makes, or a folder that holds some";

std::vector<stdfs::path> FoldersIn(const stdfs::path& directory) {
  std::vector<stdfs::path> folders;
  std::error_code error;
  for (stdfs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code absent;
    if (entry->is_directory(absent)) folders.push_back(entry->path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

bool IsRun(const stdfs::path& directory) {
  std::error_code error;
  return stdfs::exists(directory / kMark, error);
}

// "; did you mean runs/b1-s1?": of the runs and folders beside a path that is not there.
std::string Beside(const stdfs::path& path) {
  std::vector<std::string> names;
  const stdfs::path folder = path.parent_path();
  for (const stdfs::path& beside : FoldersIn(folder.empty() ? "." : folder)) {
    if (IsRun(beside) || !fs::FoldersBelow(beside.string(), kMark).empty()) names.push_back(beside.filename().string());
  }
  std::vector<std::string> near = text::Near(path.filename().string(), names);
  for (std::string& name : near) name = (folder / name).string();
  return near.empty() ? "" : absl::StrCat("; did you mean ", absl::StrJoin(near, " or "), "?");
}

}  // namespace

std::string NoRun(const std::string& path) {
  std::string bare = path;
  while (bare.size() > 1 && bare.back() == '/') bare.pop_back();
  const stdfs::path place(bare);
  std::error_code error;
  const stdfs::file_status status = stdfs::status(place, error);
  if (!stdfs::exists(status)) return absl::StrCat(path, " does not exist; ", kNeeded, Beside(place));
  if (!stdfs::is_directory(status)) {
    const stdfs::path folder = place.parent_path().empty() ? "." : place.parent_path();
    return absl::StrCat(path, " is no run directory but a file; ", kNeeded,
                        IsRun(folder) ? absl::StrCat("; did you mean ", folder.string(), "?") : "");
  }
  std::string below;
  for (const stdfs::path& folder : FoldersIn(place)) {
    if (below.empty() && !fs::FoldersBelow(folder.string(), kMark).empty())
      below = absl::StrCat("; did you mean ", folder.string(), "?");
  }
  return absl::StrCat(path, " is no run directory, and no folder of runs: neither it nor a folder in it has ", kMark,
                      "; ", kNeeded, below);
}

}  // namespace nmn::report
