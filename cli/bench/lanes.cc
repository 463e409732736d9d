#include "cli/bench/lanes.h"

#include <algorithm>
#include <limits>

namespace nmn::cli::bench {
namespace {

constexpr int kTrials = 2;  // of each batch size; the first also warms up

struct BestPass {
  size_t lanes = 0;
  Pass pass;
};

absl::StatusOr<BestPass> FindBest(const std::vector<size_t>& sizes, const PassFactory& make) {
  BestPass best;
  double least = std::numeric_limits<double>::infinity();
  for (const size_t lanes : sizes) {
    absl::StatusOr<Pass> pass = make(lanes);
    if (!pass.ok()) return pass.status();
    for (int trial = 0; trial < kTrials; ++trial) {
      const absl::StatusOr<double> seconds = Time(*pass, Clock::kThread);
      if (!seconds.ok()) return seconds.status();
      const double per_lane = *seconds / static_cast<double>(lanes);
      if (per_lane >= least) continue;
      least = per_lane;
      best = {lanes, *pass};
    }
  }
  return best;
}

}  // namespace

absl::StatusOr<Result> MeasureLanes(const LaneBenchmark& benchmark, const Context& context) {
  const absl::StatusOr<BestPass> ours = FindBest(benchmark.lanes, benchmark.ours);
  if (!ours.ok()) return ours.status();
  std::vector<Pass> passes = {ours->pass};
  size_t twin_lanes = 0;
  if (benchmark.twin) {
    const absl::StatusOr<BestPass> twin = FindBest(benchmark.lanes, benchmark.twin);
    if (!twin.ok()) return twin.status();
    twin_lanes = twin->lanes;
    passes.push_back(twin->pass);
  }
  const absl::StatusOr<std::vector<double>> seconds = Interleave(passes, {});
  if (!seconds.ok()) return seconds.status();

  const auto rate = [&](size_t lanes, double s) { return static_cast<double>(lanes * benchmark.steps) / s; };
  Result result;
  result.name = benchmark.name;
  result.value = rate(ours->lanes, (*seconds)[0]);
  result.unit = "env-steps/s";
  result.conditions = {{"lanes", ours->lanes}, {"steps", benchmark.steps}};
  if (benchmark.flop_per_step > 0) {
    result.gflops = result.value * benchmark.flop_per_step * 1e-9;
    result.ceiling_fraction = result.gflops / context.ceiling_gflops;
  }
  if (benchmark.twin) {
    const double twin = rate(twin_lanes, (*seconds)[1]);
    result.twin_ratio = result.value / twin;
    result.conditions.emplace_back("twin_lanes", twin_lanes);
    result.conditions.emplace_back("twin_value", twin);
  }
  return result;
}

}  // namespace nmn::cli::bench
