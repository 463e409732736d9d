#include "cli/analysis/reward_rate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cli/report/statistics.h"

namespace nmn::analysis {

std::vector<double> Isotonic(std::span<const double> values) {
  struct Pool {
    double sum = 0;
    size_t count = 0;
    double mean() const { return sum / static_cast<double>(count); }
  };
  std::vector<Pool> pools;
  for (const double value : values) {
    pools.push_back({value, 1});
    while (pools.size() > 1 && pools[pools.size() - 2].mean() >= pools.back().mean()) {
      const Pool last = pools.back();
      pools.pop_back();
      pools.back().sum += last.sum;
      pools.back().count += last.count;
    }
  }
  std::vector<double> fitted;
  fitted.reserve(values.size());
  for (const Pool& pool : pools) fitted.insert(fitted.end(), pool.count, pool.mean());
  return fitted;
}

double FinalRate(std::span<const double> rewards) { return report::Mean(rewards.subspan(rewards.size() / 2)); }

std::optional<uint32_t> StepUntil(std::span<const double> rewards, double share) {
  const double final_rate = FinalRate(rewards);
  if (!(final_rate > 0)) return std::nullopt;
  const std::vector<double> fitted = Isotonic(rewards);
  const auto found = std::lower_bound(fitted.begin(), fitted.end(), share * final_rate);
  if (found == fitted.end()) return std::nullopt;
  return static_cast<uint32_t>(found - fitted.begin());
}

std::optional<uint32_t> StepOfShare(std::vector<std::optional<uint32_t>> steps, double share) {
  constexpr uint32_t kNever = std::numeric_limits<uint32_t>::max();
  std::vector<uint32_t> ascending;
  for (const std::optional<uint32_t>& step : steps) ascending.push_back(step.value_or(kNever));
  std::sort(ascending.begin(), ascending.end());
  const size_t rank = static_cast<size_t>(std::ceil(share * static_cast<double>(ascending.size())));
  if (ascending.empty() || ascending[std::max<size_t>(rank, 1) - 1] == kNever) return std::nullopt;
  return ascending[std::max<size_t>(rank, 1) - 1];
}

}  // namespace nmn::analysis
