#include "cli/report/selection.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config/config.h"
#include "common/text/counted.h"

namespace nmn::report {
namespace {

// The directory without links and detours. If it cannot be resolved, the path itself; ReadRun then says so.
std::string RealPath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  return error ? path : real.string();
}

bool SameNumbers(const std::vector<double>& a, const std::vector<double>& b) {
  const size_t common = std::min(a.size(), b.size());
  const auto same = [](double left, double right) { return left == right || (std::isnan(left) && std::isnan(right)); };
  return std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(common), b.begin(), same);
}

// Whether both are one sequence of episodes, as far as the shorter one goes: chance does not repeat returns to the bit.
bool SameEpisodes(const Run& a, const Run& b) {
  return a.config.seed() == b.config.seed() && config::Hash(a.config) == config::Hash(b.config) &&
         SameNumbers(a.returns, b.returns) && SameNumbers(a.discounted, b.discounted);
}

// Why `again` is the same run as `run`; empty if it is another.
std::string Repeats(const Run& run, const Run& again, bool each) {
  if (!run.run_id.empty() && run.run_id == again.run_id) return absl::StrCat("the same run (run_id ", run.run_id, ")");
  if (each || !SameEpisodes(run, again)) return "";
  const size_t one = run.returns.size(), other = again.returns.size();
  if (one == other) return "the same config and seed with the same episodes";
  return absl::StrCat("the same config and seed, and the first ", std::min(one, other), " of ",
                      text::Counted(std::max(one, other), "episode"));
}

// Adds a run, or says which one it repeats; the longer of the two stays.
void AddOnce(Run run, bool each, Selection& selection) {
  for (Run& counted : selection.runs) {
    const std::string why = Repeats(counted, run, each);
    if (why.empty()) continue;
    if (run.returns.size() > counted.returns.size()) std::swap(run, counted);
    selection.notices.push_back(absl::StrCat(run.path, " is a copy of ", counted.path, ": ", why, "; counted once, as ",
                                             counted.path,
                                             each || run.run_id == counted.run_id ? "" : " (--each shows both)"));
    return;
  }
  selection.runs.push_back(std::move(run));
}

}  // namespace

std::vector<std::string> ExpandRunDirectories(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<std::string> expanded;
  for (const std::string& path : paths) {
    std::vector<std::string> inside;
    std::error_code error;
    if (!fs::exists(path + "/config.textproto", error)) {
      for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
        const bool there = fs::exists(entry.path() / "config.textproto", error);
        // One that may not be read would be missing from every mean: it is for ReadRun to say so.
        if (there || error == std::errc::permission_denied) inside.push_back(entry.path().string());
      }
    }
    if (inside.empty()) inside.push_back(path);
    std::sort(inside.begin(), inside.end());
    expanded.insert(expanded.end(), inside.begin(), inside.end());
  }
  return expanded;
}

absl::StatusOr<Selection> SelectRuns(const std::vector<std::string>& paths, bool each) {
  Selection selection;
  std::set<std::string> seen, again;
  std::vector<std::string> without;  // an episode
  for (const std::string& path : ExpandRunDirectories(paths)) {
    if (!seen.insert(RealPath(path)).second) {
      if (again.insert(path).second) selection.notices.push_back(absl::StrCat(path, " was named twice: counted once"));
      continue;
    }
    absl::StatusOr<Run> run = ReadRun(path);
    if (absl::IsFailedPrecondition(run.status())) {
      without.push_back(path);
    } else if (!run.ok()) {
      return run.status();
    } else {
      AddOnce(*std::move(run), each, selection);
    }
  }
  if (selection.runs.empty()) {
    if (without.empty()) return absl::InvalidArgumentError("no run directory was given");
    return absl::FailedPreconditionError(
        absl::StrCat(absl::StrJoin(without, ", "), ": no episode yet; wait for the first update"));
  }
  if (!without.empty()) {
    selection.notices.push_back(
        absl::StrCat("left out, because they have no episode yet: ", absl::StrJoin(without, ", ")));
  }
  for (const Run& run : selection.runs)
    selection.notices.insert(selection.notices.end(), run.notices.begin(), run.notices.end());
  return selection;
}

}  // namespace nmn::report
