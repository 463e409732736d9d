#include "cli/reproduce/learning.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/report/comparison.h"
#include "cli/report/gnuplot.h"
#include "cli/report/output.h"
#include "cli/report/panels.h"
#include "cli/sweep/run_state.h"
#include "common/config/config.h"
#include "common/env/environment.h"
#include "common/text/counted.h"

namespace nmn::reproduce {
namespace {

constexpr size_t kMostPoints = 300;                                           // of a curve in the CSV and the figure
constexpr double kPanelWidth = 420, kPanelHeight = 420, kBesidePanels = 100;  // pixels

// A resample of one run alone has no deviation. Of five runs that is one in 625, so the interval's ends are none.
constexpr size_t kLeastForDeviations = 5;

double MeanOf(const std::vector<double>& values) {
  double sum = 0;
  size_t count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return sum / static_cast<double>(count);
}

Score ScoreOf(const report::Run& run) {
  return {run.config.seed(), run.returns.size(), report::RunningMean(run.returns, report::kSmoothingEpisodes).back(),
          MeanOf(run.returns)};
}

// Evenly, the last one among them.
report::Curve Thinned(const report::Curve& curve) {
  const size_t stride = (curve.size() + kMostPoints - 1) / kMostPoints;
  report::Curve thinned;
  for (size_t i = (curve.size() - 1) % stride; i < curve.size(); i += stride) thinned.push_back(curve[i]);
  return thinned;
}

double OracleReturn(const v1::RunConfig& config) {
  const absl::StatusOr<env::EnvironmentSpec> spec = env::FindSpec(config.benchmark(), config.env());
  if (!spec.ok()) return 0;
  const uint32_t horizon = spec->oracle_horizon != 0 ? spec->oracle_horizon : config::Horizon(config);
  return spec->oracle_return / horizon * config::RolloutSteps(config);
}

std::string TitleOf(const std::vector<report::Run>& runs, const sweep::SweepRun& run) {
  std::vector<std::string> words;
  for (const auto& [field, value] : run.values)
    words.push_back(absl::StrCat(field.substr(field.rfind('.') + 1), " ", value));
  return words.empty() ? report::TitleOf(runs) : absl::StrJoin(words, ", ");
}

// What the figure does not show goes to `notices`.
Panel PanelOf(const std::vector<report::Run>& runs, const sweep::SweepRun& like, std::vector<std::string>& notices) {
  Panel panel;
  panel.benchmark = like.config.benchmark();
  panel.title = TitleOf(runs, like);
  panel.values = like.values;
  panel.steps = config::RolloutSteps(like.config);
  panel.oracle = OracleReturn(like.config);
  const report::LearningCurve curve = report::MakeLearningCurve(runs, {});
  for (const std::string& notice : report::LengthNotices(curve.runs, curve.grouping, /*go_on=*/false))
    notices.push_back(absl::StrCat(notice, "; the table is of all episodes of each run"));
  for (size_t i = 0; i < curve.grouping.groups.size(); ++i) {
    const report::Group& group = curve.grouping.groups[i];
    Method& method = panel.methods.emplace_back();
    method.architecture = group.architecture;
    for (const size_t run : group.runs) method.scores.push_back(ScoreOf(curve.runs[run]));
    method.curve = Thinned(curve.curves[i]);
  }
  return panel;
}

std::vector<double> Values(const std::vector<Score>& scores, double Score::*of) {
  std::vector<double> values;
  for (const Score& score : scores) values.push_back(score.*of);
  return values;
}

}  // namespace

absl::StatusOr<Learning> ReadLearning(const sweep::SweepDirectory& sweep) {
  const std::vector<sweep::RunState> states = sweep::ReadStates(sweep);
  using Key = std::pair<std::string, std::vector<std::pair<std::string, std::string>>>;
  std::vector<std::pair<Key, std::vector<size_t>>> panels;  // in the order of the sweep
  size_t left = 0;
  for (size_t i = 0; i < sweep.runs.size(); ++i) {
    const sweep::SweepRun& run = sweep.runs[i];
    if (states[i].state != sweep::State::kDone) {
      ++left;
      continue;
    }
    const Key key = {run.config.benchmark(), run.values};
    auto found = std::find_if(panels.begin(), panels.end(), [&](const auto& panel) { return panel.first == key; });
    if (found == panels.end()) {
      panels.push_back({key, {}});
      found = panels.end() - 1;
    }
    found->second.push_back(i);
  }
  if (panels.empty())
    return absl::FailedPreconditionError(
        absl::StrCat(sweep.path, " has no run that is done; their logs, in ", sweep.path, "/logs, say why"));
  Learning learning;
  if (left > 0)
    learning.notices.push_back(absl::StrCat(left, " of ", text::Counted(sweep.runs.size(), "run"),
                                            left == 1 ? " is" : " are",
                                            " not done; figure and table are of the others"));
  for (const auto& [key, indices] : panels) {
    std::vector<report::Run> runs;
    for (const size_t i : indices) {
      absl::StatusOr<report::Run> run = report::ReadRun(sweep.RunPath(sweep.runs[i]));
      if (!run.ok()) return run.status();
      learning.notices.insert(learning.notices.end(), run->notices.begin(), run->notices.end());
      runs.push_back(*std::move(run));
    }
    learning.panels.push_back(PanelOf(runs, sweep.runs[indices[0]], learning.notices));
  }
  return learning;
}

Estimated InterquartileMean(const std::vector<Score>& scores, double Score::*of) {
  const report::Scores values = {Values(scores, of)};
  return {report::InterquartileMeanOf(values), report::StratifiedInterval(values, report::InterquartileMeanOf)};
}

Estimated Improvement(const std::vector<Score>& x, const std::vector<Score>& y, double Score::*of) {
  const auto probability = [](const report::Scores& both) {
    return report::ProbabilityOfImprovement({both[0]}, {both[1]});
  };
  const report::Scores both = {Values(x, of), Values(y, of)};
  return {probability(both), report::StratifiedInterval(both, probability)};
}

std::optional<Estimated> DeviationRatio(const std::vector<Score>& x, const std::vector<Score>& y, double Score::*of) {
  const report::Scores both = {Values(x, of), Values(y, of)};
  if (std::min(x.size(), y.size()) < kLeastForDeviations || report::Deviation(both[1]) == 0) return std::nullopt;
  const auto ratio = [](const report::Scores& drawn) {
    const double below = report::Deviation(drawn[1]);
    return below == 0 ? std::numeric_limits<double>::infinity() : report::Deviation(drawn[0]) / below;
  };
  return Estimated{ratio(both), report::StratifiedInterval(both, ratio)};
}

absl::Status DrawLearning(const Learning& learning, const std::string& title, const report::Style& style,
                          const std::string& out, const std::string& name) {
  report::Panels panels;
  panels.title = title;
  constexpr size_t kMostColumns = 3;
  panels.columns = std::min(learning.panels.size(), kMostColumns);
  for (const Panel& panel : learning.panels) {
    report::Figure& figure = panels.figures.emplace_back();
    figure.title = absl::StrCat(panel.title, " (", panel.steps, " steps)");
    figure.x_label = "episodes";
    figure.y_label = panels.figures.size() % panels.columns == 1 || panels.columns == 1 ? "sum of rewards" : "";
    for (const Method& method : panel.methods) {
      report::Series& series = figure.series.emplace_back();
      series.label = absl::StrCat(method.architecture, ", mean ± std of ", text::Counted(method.scores.size(), "seed"));
      series.colour = report::ColourOf(method.architecture, 0);
      for (const report::CurvePoint& point : method.curve) {
        series.x.push_back(static_cast<double>(point.episodes));
        series.y.push_back(point.returns.mean);
        series.low.push_back(point.returns.mean - point.returns.deviation);
        series.high.push_back(point.returns.mean + point.returns.deviation);
      }
    }
  }
  const size_t rows = (panels.figures.size() + panels.columns - 1) / panels.columns;
  report::Style wide = style;
  wide.screen = {kBesidePanels + kPanelWidth * static_cast<double>(panels.columns),
                 kBesidePanels + kPanelHeight * static_cast<double>(rows)};
  return report::Draw(panels, wide, absl::StrCat(out, "/", name));
}

}  // namespace nmn::reproduce
