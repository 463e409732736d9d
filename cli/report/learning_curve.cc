#include "cli/report/learning_curve.h"

#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/report/curves.h"
#include "cli/report/figure.h"
#include "cli/report/output.h"
#include "common/env/environment.h"
#include "common/env/figures.h"

namespace nmn::report {
namespace {

std::string CurvesCsv(const std::vector<Curve>& curves) {
  std::string csv = "curve,runs,episodes,discounted_mean,discounted_std,return_mean,return_std\n";
  for (const Curve& curve : curves) {
    for (const CurvePoint& point : curve.points) {
      absl::StrAppendFormat(&csv, "%s,%d,%d,%.9g,%.9g,%.9g,%.9g\n", CsvCell(curve.label), curve.runs, point.episodes,
                            point.discounted_mean, point.discounted_std, point.return_mean, point.return_std);
    }
  }
  return csv;
}

Figure CurveFigure(const std::vector<Curve>& curves, bool discounted) {
  Figure figure;
  for (const Curve& curve : curves) {
    Series series;
    series.label = curve.runs > 1 ? curve.label + " (mean ± std)" : curve.label;
    series.colour = figure.series.size();
    for (const CurvePoint& point : curve.points) {
      series.x.push_back(static_cast<double>(point.episodes));
      series.y.push_back(discounted ? point.discounted_mean : point.return_mean);
      if (curve.runs > 1) series.deviation.push_back(discounted ? point.discounted_std : point.return_std);
    }
    figure.series.push_back(std::move(series));
  }
  figure.x_label = "episodes";
  return figure;
}

// Mean over runs of the mean reward at each step, over the first or last updates that make 1000 episodes.
void AppendAdaptation(const std::vector<Run>& runs, const Group& group, bool last, size_t colour, Figure& figure,
                      std::string& csv) {
  Series series;
  series.label = absl::StrCat(group.label, last ? ", last " : ", first ", kSmoothingEpisodes, " episodes");
  series.colour = colour;
  series.dashed = !last;
  series.markers = true;
  for (const auto& [step, unused] : runs[group.runs[0]].reward_at_step) {
    std::vector<double> means;
    for (size_t index : group.runs) {
      const auto found = runs[index].reward_at_step.find(step);
      if (found == runs[index].reward_at_step.end()) continue;
      const std::vector<double>& rewards = found->second;
      const size_t episodes = std::max<size_t>(1, runs[index].config.ppo().episodes_per_update());
      const size_t count = std::min(rewards.size(), (kSmoothingEpisodes + episodes - 1) / episodes);
      const auto from = last ? rewards.end() - static_cast<std::ptrdiff_t>(count) : rewards.begin();
      means.push_back(std::accumulate(from, from + static_cast<std::ptrdiff_t>(count), 0.0) /
                      static_cast<double>(count));
    }
    const double mean = std::accumulate(means.begin(), means.end(), 0.0) / static_cast<double>(means.size());
    series.x.push_back(step + 1.0);  // a logarithmic axis has no 0
    series.y.push_back(mean);
    absl::StrAppendFormat(&csv, "%s,%d,%s,%d,%.9g\n", CsvCell(group.label), means.size(), last ? "last" : "first", step,
                          mean);
  }
  figure.series.push_back(std::move(series));
}

}  // namespace

absl::Status WriteLearningCurve(const std::vector<Run>& runs, const std::string& out, bool each) {
  if (absl::Status status = PrepareOutput(runs, out); !status.ok()) return status;
  const v1::RunConfig& config = runs[0].config;
  const std::optional<env::Optimum> optimum = env::KnownOptimum(config.benchmark(), config.env());
  const std::vector<Curve> curves = MakeCurves(runs, each);
  if (absl::Status status = WriteText(out + "/learning_curve.csv", CurvesCsv(curves)); !status.ok()) return status;

  for (const bool discounted : {true, false}) {
    Figure figure = CurveFigure(curves, discounted);
    const std::string quantity = discounted ? "discounted return" : "return";
    figure.title = absl::StrCat(config.benchmark(), ": ", quantity, " while learning (running mean over ",
                                kSmoothingEpisodes, " episodes)");
    figure.y_label = discounted ? absl::StrFormat("discounted return per episode (γ = %g)", env::kReportedDiscount)
                                : "return per episode (sum of raw rewards)";
    if (optimum) {
      const double oracle = discounted ? optimum->discounted : optimum->raw;
      figure.references.push_back({absl::StrFormat("a policy that knows the task (%.0f)", oracle), oracle});
    }
    absl::Status status = Draw(figure, out + (discounted ? "/learning_curve" : "/learning_curve_raw"));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status WriteAdaptation(const std::vector<Run>& runs, const std::string& out, bool each) {
  if (absl::Status status = PrepareOutput(runs, out); !status.ok()) return status;
  Figure figure;
  std::string csv = "curve,runs,episodes,step,reward_mean\n";
  size_t colour = 0;
  for (const Group& group : GroupRuns(runs, each)) {
    if (runs[group.runs[0]].reward_at_step.empty()) continue;
    AppendAdaptation(runs, group, /*last=*/false, colour, figure, csv);
    AppendAdaptation(runs, group, /*last=*/true, colour, figure, csv);
    ++colour;
  }
  if (figure.series.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("no metrics.jsonl of these runs has the mean reward at in-episode steps"));
  }
  if (absl::Status status = WriteText(out + "/adaptation.csv", csv); !status.ok()) return status;
  figure.title = absl::StrCat(runs[0].config.benchmark(), ": reward within an episode, before and after learning");
  figure.x_label = "step within the episode";
  figure.y_label = "mean reward at the step";
  figure.log_x = true;
  for (double x : figure.series[0].x) figure.ticks.push_back({absl::StrFormat("%.0f", x - 1), x});
  return Draw(figure, out + "/adaptation");
}

}  // namespace nmn::report
