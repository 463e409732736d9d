#include "tests/fault/fleet/memory_cgroup.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/support/subprocess.h"

namespace nmn::fault {
namespace {

namespace filesystem = std::filesystem;

struct Mount {
  std::string folder;
  bool unified = false;
};

// Where cgroups can be made, likeliest first: below our own, then at the root of each hierarchy.
std::vector<Mount> Candidates() {
  std::vector<Mount> roots;
  std::istringstream mounts(testing::ReadFile("/proc/self/mounts"));
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device, folder, type, options;
    words >> device >> folder >> type >> options;
    if (type == "cgroup2") roots.push_back({folder, true});
    if (type == "cgroup" && absl::StrCat(",", options, ",").find(",memory,") != std::string::npos)
      roots.push_back({folder, false});
  }
  std::vector<Mount> candidates;
  std::istringstream own(testing::ReadFile("/proc/self/cgroup"));
  // "4:memory:/path" of v1, "0::/path" of v2.
  for (std::string line; std::getline(own, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = absl::StrCat(",", line.substr(first + 1, second - first - 1), ",");
    for (const Mount& root : roots) {
      if (root.unified ? controllers == ",," : controllers.find(",memory,") != std::string::npos)
        candidates.push_back({root.folder + line.substr(second + 1), root.unified});
    }
  }
  candidates.insert(candidates.end(), roots.begin(), roots.end());
  return candidates;
}

bool Write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

std::string LimitFile(bool unified) { return unified ? "/memory.max" : "/memory.limit_in_bytes"; }

}  // namespace

absl::StatusOr<std::unique_ptr<MemoryCgroup>> MemoryCgroup::Create(const std::string& name) {
  std::vector<std::string> tried;
  for (const Mount& parent : Candidates()) {
    if (parent.unified) Write(parent.folder + "/cgroup.subtree_control", "+memory");
    const std::string folder = absl::StrCat(parent.folder, "/", name, "-", getpid());
    std::error_code error;
    filesystem::create_directory(folder, error);
    if (error) {
      tried.push_back(absl::StrCat(folder, ": ", error.message()));
      continue;
    }
    std::unique_ptr<MemoryCgroup> group(new MemoryCgroup(folder, parent.unified));
    if (filesystem::exists(folder + LimitFile(parent.unified)) && group->SetLimit(uint64_t{1} << 40)) {
      // Or it would swap instead; absent where there is no swap.
      if (parent.unified) Write(folder + "/memory.swap.max", "0");
      return group;
    }
    tried.push_back(absl::StrCat(folder, ": no limit on memory can be set"));
  }
  return absl::UnavailableError(tried.empty() ? "no cgroup is mounted" : absl::StrJoin(tried, "; "));
}

MemoryCgroup::~MemoryCgroup() { rmdir(folder_.c_str()); }

std::vector<std::string> MemoryCgroup::Prefix() const {
  return {"/bin/sh", "-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"", folder_};
}

bool MemoryCgroup::SetLimit(uint64_t bytes) { return Write(folder_ + LimitFile(unified_), absl::StrCat(bytes)); }

void MemoryCgroup::LiftLimit() { Write(folder_ + LimitFile(unified_), unified_ ? "max" : "-1"); }

uint64_t MemoryCgroup::usage() const {
  const std::string text = testing::ReadFile(folder_ + (unified_ ? "/memory.current" : "/memory.usage_in_bytes"));
  return std::strtoull(text.c_str(), nullptr, 10);
}

uint64_t MemoryCgroup::kills() const {
  std::istringstream lines(testing::ReadFile(folder_ + (unified_ ? "/memory.events" : "/memory.oom_control")));
  std::string key;
  for (uint64_t value = 0; lines >> key >> value;) {
    if (key == "oom_kill") return value;
  }
  return 0;
}

}  // namespace nmn::fault
