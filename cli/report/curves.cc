#include "cli/report/curves.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace nmn::report {
namespace {

// A curve of at most this many points: more cannot be seen, and the figure's file stays small.
constexpr size_t kMaxPoints = 800;

std::string ArchitectureName(const v1::RunConfig& config) {
  return v1::Architecture_Name(config.network().architecture());
}

// What two runs of one curve have in common.
std::string GroupKey(v1::RunConfig config) {
  config.clear_seed();
  config.clear_budget();
  config.clear_work();
  config.clear_checkpoint();
  return config.DebugString();
}

std::string Name(const v1::RunConfig& config) {
  return config.preset().empty() ? ArchitectureName(config)
                                 : absl::StrCat(ArchitectureName(config), ", ", config.preset());
}

void MeanAndDeviation(const std::vector<double>& values, double& mean, double& deviation) {
  mean = 0;
  for (double value : values) mean += value;
  mean /= static_cast<double>(values.size());
  deviation = 0;
  if (values.size() < 2) return;
  for (double value : values) deviation += (value - mean) * (value - mean);
  deviation = std::sqrt(deviation / static_cast<double>(values.size() - 1));
}

}  // namespace

std::vector<double> RunningMean(std::span<const double> values, size_t window) {
  std::vector<double> out(values.size());
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    sum += values[i];
    if (i >= window) sum -= values[i - window];
    out[i] = sum / static_cast<double>(std::min(i + 1, window));
  }
  return out;
}

std::vector<Group> GroupRuns(const std::vector<Run>& runs, bool each) {
  std::vector<Group> groups;
  std::vector<std::string> keys;
  for (size_t i = 0; i < runs.size(); ++i) {
    const std::string key = each ? absl::StrCat(i) : GroupKey(runs[i].config);
    size_t at = std::find(keys.begin(), keys.end(), key) - keys.begin();
    if (at == keys.size()) {
      keys.push_back(key);
      groups.emplace_back();
    }
    groups[at].runs.push_back(i);
  }
  std::multiset<std::string> labels;
  for (Group& group : groups) {
    const v1::RunConfig& config = runs[group.runs[0]].config;
    group.label = group.runs.size() == 1 ? absl::StrCat(Name(config), ", seed ", config.seed())
                                         : absl::StrCat(Name(config), ", ", group.runs.size(), " seeds");
    labels.insert(group.label);
  }
  // Configs that differ where no label shows it: the directory tells them apart.
  for (Group& group : groups) {
    if (labels.count(group.label) > 1) {
      absl::StrAppend(&group.label, " (", std::filesystem::path(runs[group.runs[0]].path).filename().string(), ")");
    }
  }
  return groups;
}

std::vector<Curve> MakeCurves(const std::vector<Run>& runs, bool each) {
  std::vector<Curve> curves;
  for (const Group& group : GroupRuns(runs, each)) {
    Curve curve;
    curve.label = group.label;
    curve.runs = group.runs.size();
    std::vector<std::vector<double>> returns, discounted;
    size_t shortest = runs[group.runs[0]].returns.size();
    for (size_t index : group.runs) {
      returns.push_back(RunningMean(runs[index].returns, kSmoothingEpisodes));
      discounted.push_back(RunningMean(runs[index].discounted, kSmoothingEpisodes));
      shortest = std::min(shortest, runs[index].returns.size());
    }
    // One point an update, thinned evenly; the last episode always has one.
    const size_t update = std::max<size_t>(1, runs[group.runs[0]].config.ppo().episodes_per_update());
    const size_t stride = update * ((shortest / update + kMaxPoints - 1) / kMaxPoints + (shortest < update ? 1 : 0));
    for (size_t episodes = std::min(stride, shortest);; episodes = std::min(episodes + stride, shortest)) {
      CurvePoint point;
      point.episodes = episodes;
      std::vector<double> at_returns, at_discounted;
      for (size_t run = 0; run < returns.size(); ++run) {
        at_returns.push_back(returns[run][episodes - 1]);
        at_discounted.push_back(discounted[run][episodes - 1]);
      }
      MeanAndDeviation(at_returns, point.return_mean, point.return_std);
      MeanAndDeviation(at_discounted, point.discounted_mean, point.discounted_std);
      curve.points.push_back(point);
      if (episodes == shortest) break;
    }
    curves.push_back(std::move(curve));
  }
  return curves;
}

}  // namespace nmn::report
