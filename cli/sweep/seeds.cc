#include "cli/sweep/seeds.h"

#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/sweep/grid.h"
#include "common/text/number.h"

namespace nmn::sweep {
namespace {

absl::Status Refused(const std::string& text, const std::string& why) {
  return absl::InvalidArgumentError(
      absl::StrCat("--seeds=", text, ": ", why, "; give numbers and ranges, e.g. 1-30 or 1,2,5-8"));
}

}  // namespace

absl::StatusOr<std::vector<uint64_t>> ParseSeeds(const std::string& text) {
  std::vector<uint64_t> seeds;
  std::set<uint64_t> seen;
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(text, ','))) {
    const std::vector<std::string> ends = absl::StrSplit(part, '-');
    const std::optional<uint64_t> lowest = text::ReadWhole(ends.front()), highest = text::ReadWhole(ends.back());
    if (ends.size() > 2 || !lowest || !highest)
      return Refused(text, absl::StrCat("\"", part, "\" is no number and no range"));
    const uint64_t first = *lowest, last = *highest;
    if (last < first) return Refused(text, absl::StrCat("the range ", part, " is empty"));
    if (last - first >= kMostRuns)
      return Refused(text, absl::StrCat("the range ", part, " has more than ", kMostRuns, " seeds"));
    for (uint64_t i = 0; i <= last - first; ++i) {
      if (!seen.insert(first + i).second) return Refused(text, absl::StrCat("seed ", first + i, " stands twice"));
      seeds.push_back(first + i);
    }
  }
  return seeds;
}

std::string FormatSeeds(const std::vector<uint64_t>& seeds) {
  std::vector<std::string> parts;
  for (size_t begin = 0, end; begin < seeds.size(); begin = end) {
    // After the largest number comes 0, which is no next one.
    for (end = begin + 1; end < seeds.size() && seeds[end] != 0 && seeds[end] - 1 == seeds[end - 1]; ++end) {
    }
    parts.push_back(end - begin == 1 ? absl::StrCat(seeds[begin]) : absl::StrCat(seeds[begin], "-", seeds[end - 1]));
  }
  return absl::StrJoin(parts, ",");
}

}  // namespace nmn::sweep
