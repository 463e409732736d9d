#include "common/text/suggestion.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace nmn::text {
namespace {

// Shorter names are part of too many others to say anything.
constexpr size_t kLeastPart = 3;
constexpr size_t kMost = 3;

// Insertions, deletions, replacements and swaps of neighbours that lead from a to b.
size_t EditDistance(std::string_view a, std::string_view b) {
  // Distances of the first i letters of a to the first j of b; three rows of i are in use.
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> Near(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string lower = absl::AsciiStrToLower(std::string(name));
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& candidate : candidates) {
    const std::string candidate_lower = absl::AsciiStrToLower(candidate);
    const size_t distance = EditDistance(lower, candidate_lower);
    const bool part = lower.size() >= kLeastPart && absl::StrContains(candidate_lower, lower);
    if (part || distance <= std::max<size_t>(1, candidate.size() / 3)) near.emplace_back(distance, candidate);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (const auto& [distance, candidate] : near) {
    const bool same_but_case = near.front().first == 0;
    if (names.size() < (same_but_case ? 1 : kMost)) names.push_back(candidate);
  }
  return names;
}

std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates) {
  const std::vector<std::string> near = Near(name, candidates);
  return near.empty() ? "" : absl::StrCat("; did you mean ", absl::StrJoin(near, " or "), "?");
}

std::string Suggestion(std::string_view name, const std::vector<std::string>& candidates, std::string_view kinds) {
  const std::string meant = DidYouMean(name, candidates);
  if (!meant.empty()) return meant;
  return absl::StrCat("; ", std::string(kinds), " are ", absl::StrJoin(candidates, ", "));
}

}  // namespace nmn::text
