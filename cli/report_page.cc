#include "cli/report_page.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/player.h"
#include "cli/policy_choice.h"
#include "cli/report/curve_comparison.h"
#include "cli/report/output.h"
#include "cli/report/phases.h"
#include "cli/trace/recorder.h"
#include "common/config/config.h"
#include "common/env/environment.h"
#include "common/text/utf8.h"
#include "learner/page/page.h"

namespace nmn::cli {
namespace {

using nlohmann::ordered_json;

// Six digits: what an eye can tell of a chart, in a file that is not large.
double Short(double value) {
  return std::isfinite(value) ? std::strtod(absl::StrFormat("%.6g", value).c_str(), nullptr) : value;
}

// Adds the points to `json`, a list for each of their numbers.
void AddPoints(const report::Curve& curve, ordered_json& json) {
  for (const char* list : {"episodes", "average", "low", "high"}) json[list] = ordered_json::array();
  for (const report::CurvePoint& point : curve) {
    json["episodes"].push_back(point.episodes);
    json["average"].push_back(point.discounted.average);
    json["low"].push_back(point.discounted.low);
    json["high"].push_back(point.discounted.high);
  }
}

ordered_json CurveOf(const report::LearningCurve& curve, size_t index) {
  const report::Group& group = curve.grouping.groups[index];
  ordered_json json = {{"name", text::Printable(group.label)}, {"runs", group.runs.size()}};
  AddPoints(curve.curves[index], json);
  AddPoints(curve.evaluations[index], json["evaluations"]);
  return json;
}

ordered_json ComparisonOf(const report::LearningCurve& curve) {
  const report::CurveComparison comparison = report::CompareCurves(curve);
  ordered_json curves = ordered_json::array();
  const auto edge = [](const std::optional<report::Interval>& interval, double report::Interval::*end) {
    return interval ? ordered_json((*interval).*end) : ordered_json(nullptr);
  };
  for (const report::ComparedCurve& one : comparison.curves) {
    curves.push_back({{"runs", one.runs},
                      {"average", one.average},
                      {"low", edge(one.interval, &report::Interval::low)},
                      {"high", edge(one.interval, &report::Interval::high)},
                      {"difference", one.difference},
                      {"difference_low", edge(one.difference_interval, &report::Interval::low)},
                      {"difference_high", edge(one.difference_interval, &report::Interval::high)}});
  }
  return {{"episodes", comparison.episodes}, {"curves", std::move(curves)}};
}

// The first steps, in which a policy finds out what its task is.
ordered_json AdaptationOf(const report::Adaptation& adaptation) {
  constexpr uint32_t kFirstSteps = 100;
  ordered_json curves = ordered_json::array();
  uint32_t episodes = 0;
  for (const report::PlayedRewards& played : report::PlayedCurves(adaptation)) {
    ordered_json curve = {{"runs", played.runs}};
    for (const char* list : {"step", "average", "low", "high"}) curve[list] = ordered_json::array();
    for (size_t i = 0; i < played.steps.size() && played.steps[i] < kFirstSteps; ++i) {
      curve["step"].push_back(played.steps[i]);
      curve["average"].push_back(Short(played.rewards[i].average));
      curve["low"].push_back(Short(played.rewards[i].low));
      curve["high"].push_back(Short(played.rewards[i].high));
    }
    episodes = std::max(episodes, played.episodes);
    curves.push_back(std::move(curve));
  }
  if (episodes == 0) return nullptr;
  return {{"episodes", episodes}, {"curves", std::move(curves)}};
}

ordered_json RunOf(const report::LearningCurve& curve, size_t index) {
  const report::Run& run = curve.runs[index];
  ordered_json json = {{"path", text::Printable(run.path)},
                       {"curve", text::Printable(curve.grouping.OfRun(index).label)},
                       {"episodes", run.returns.size()},
                       {"return", report::RunningMean(run.returns, curve.options.smooth).back()},
                       {"discounted", report::RunningMean(run.discounted, curve.options.smooth).back()},
                       {"wall_seconds", nullptr},
                       {"phases", ordered_json::object()},
                       {"config", config::Print(run.config)}};
  if (run.wall_seconds) json["wall_seconds"] = *run.wall_seconds;
  if (run.phases) {
    for (const auto& [phase, milliseconds] : report::PhaseMilliseconds(*run.phases))
      json["phases"][phase] = milliseconds;
  }
  return json;
}

absl::StatusOr<ordered_json> ReplayOf(const report::Run& run, const ReplayLimits& limits) {
  PolicyFlags flags;
  flags.policy = absl::StrContains(run.path, '/') ? run.path : "./" + run.path;  // no rule of that name
  absl::StatusOr<PolicyChoice> choice = ChoosePolicy(flags);
  if (!choice.ok()) return choice.status();
  absl::StatusOr<env::EnvironmentSpec> spec = env::FindSpec(choice->config.benchmark(), choice->config.env());
  if (!spec.ok()) return spec.status();
  absl::StatusOr<std::unique_ptr<play::Player>> player = MakePlayer(*choice, flags, 1);
  if (!player.ok()) return player.status();
  const uint32_t every = std::max(1u, (config::Horizon(choice->config) + limits.steps - 1) / limits.steps);
  absl::StatusOr<std::unique_ptr<trace::Recorder>> recorder =
      trace::Recorder::Create(*spec, choice->network.has_value() ? &*choice->network : nullptr, /*columns=*/"", every);
  if (!recorder.ok()) return recorder.status();
  ordered_json json = {{"run", text::Printable(run.path)}, {"every", every}};
  for (const char* list : {"columns", "episodes"}) json[list] = ordered_json::array();
  const std::vector<trace::Column>& columns = (*recorder)->columns();
  for (const trace::Column& column : columns) {
    if (!column.whole()) json["columns"].push_back(column.name);
  }
  for (uint32_t episode = 0; episode < limits.episodes; ++episode) {
    absl::StatusOr<trace::Block> block = (*recorder)->Record(**player, episode);
    if (!block.ok()) return block.status();
    ordered_json values = ordered_json::array();
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].whole()) continue;
      ordered_json& list = values.emplace_back(ordered_json::array());
      for (const float value : block->values[i]) list.push_back(Short(value));
    }
    json["episodes"].push_back({{"t", block->t}, {"values", std::move(values)}});
  }
  return json;
}

}  // namespace

std::string ReportPage(const report::LearningCurve& curve, const report::Adaptation* adaptation,
                       const ReplayLimits& limits, std::vector<std::string>& notices) {
  const report::Options& options = curve.options;
  ordered_json json;
  json["title"] = report::TitleOf(curve.runs);
  json["smoothed"] = report::SmoothedEpisodes(curve.runs, options.smooth);
  json["average"] = options.average == report::Average::kIqm ? "iqm" : "mean";
  json["band"] = options.band == report::Band::kDeviation       ? "std"
                 : options.band == report::Band::kStandardError ? "sem"
                 : options.band == report::Band::kBootstrap     ? "95 % bootstrap"
                                                                : "none";
  json["resamples"] = report::kResamples;
  json["bound"] = nullptr;
  if (curve.bound) {
    json["bound"] = {{"name", curve.bound->Label()},
                     {"discounted", curve.bound->returns.discounted},
                     {"drawn", report::DrawsBound(curve, /*discounted=*/true)}};
  }
  json["y_range"] = nullptr;
  if (const std::optional<report::Limits>& range = options.style.y_range) json["y_range"] = {range->low, range->high};
  for (const char* list : {"curves", "runs", "replays"}) json[list] = ordered_json::array();
  for (size_t i = 0; i < curve.curves.size(); ++i) json["curves"].push_back(CurveOf(curve, i));
  json["comparison"] = ComparisonOf(curve);
  json["adaptation"] = adaptation == nullptr ? nullptr : AdaptationOf(*adaptation);
  for (size_t i = 0; i < curve.runs.size(); ++i) json["runs"].push_back(RunOf(curve, i));
  for (const report::Group& group : curve.grouping.groups) {
    if (json["replays"].size() == limits.runs) break;
    const report::Run& run = curve.runs[group.runs[0]];
    absl::StatusOr<ordered_json> replay = ReplayOf(run, limits);
    if (replay.ok()) {
      json["replays"].push_back(*std::move(replay));
    } else {
      notices.push_back(absl::StrCat(run.path, " is not played for --html: ", std::string(replay.status().message())));
    }
  }
  return page::Report(json.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

}  // namespace nmn::cli
