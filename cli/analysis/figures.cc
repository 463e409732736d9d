#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "cli/analysis/output.h"
#include "cli/report/adaptation.h"
#include "cli/report/gnuplot.h"
#include "cli/report/panels.h"
#include "common/text/counted.h"

namespace nmn::analysis {
namespace {

using report::Figure;
using report::Series;

constexpr size_t kMostSignals = 6;                                          // in one panel
constexpr double kPanelWidth = 290, kRowHeight = 330, kBesidePanels = 120;  // pixels
constexpr double kRoom = 0.05;                                              // beside the outermost dots, of their range
constexpr double kJitter = 0.35;  // of a task that is 0 or 1, so that dots are not all on two lines
constexpr double kGoldenRatio = 0.6180339887498949;

// "NMN of b1": before what a figure shows.
std::string Title(const Analysis& analysis) {
  return absl::StrCat(analysis.subject.architecture, " of ", analysis.subject.benchmark, ": ");
}

report::Limits WithRoom(double low, double high) {
  const double room = high > low ? kRoom * (high - low) : 1;
  return {low - room, high + room};
}

// Where an episode's dots are drawn.
double TaskOf(const Analysis& analysis, const Slice& slice, uint32_t episode) {
  if (!analysis.meaning.whole) return slice.task[episode];
  const double turns = episode * kGoldenRatio;
  return slice.task[episode] + kJitter * (turns - std::floor(turns) - 0.5);
}

Series Dots(const Analysis& analysis, const Slice& slice, const std::vector<double>& values, uint32_t points) {
  Series series;
  series.dots = true;
  for (uint32_t e = 0; e < points; ++e) {
    series.x.push_back(TaskOf(analysis, slice, e));
    series.y.push_back(values[e]);
  }
  return series;
}

// The z whose variance the task explains most of, at the last of the steps; in their own order.
std::vector<size_t> ShownSignals(const Analysis& analysis) {
  if (analysis.signal.empty()) return {};
  const std::vector<SignalFigure>& last = analysis.signal.back().z;
  std::vector<size_t> order(last.size());
  std::iota(order.begin(), order.end(), 0);
  const auto explained = [&](size_t k) {
    return last[k].r_squared.value_or(0) * last[k].deviation * last[k].deviation;
  };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return explained(a) > explained(b); });
  order.resize(std::min(order.size(), kMostSignals));
  std::sort(order.begin(), order.end());
  return order;
}

// Panels of one row have one height, and those of the whole picture one width.
void Align(std::vector<Figure>& row, const report::Limits& tasks) {
  report::Limits range = report::DrawnRange(row[0]);
  for (const Figure& figure : row) {
    const report::Limits own = report::DrawnRange(figure);
    range = {std::min(range.low, own.low), std::max(range.high, own.high)};
  }
  for (Figure& figure : row) {
    figure.y_range = WithRoom(range.low, range.high);
    figure.x_range = tasks;
  }
}

absl::Status DrawByTask(const Analysis& analysis, uint32_t points, const report::Style& style, const std::string& out) {
  std::vector<Figure> signals, rewards;
  const std::vector<size_t> shown = ShownSignals(analysis);
  std::vector<double> tasks;
  for (const Slice& slice : analysis.policy.slices) {
    const std::string title = absl::StrCat("t = ", slice.t);
    if (!shown.empty()) {
      Figure& figure = signals.emplace_back();
      figure.title = title;
      figure.y_label = signals.size() == 1 ? "z" : "";
      for (const size_t k : shown) {
        Series series = Dots(analysis, slice, slice.z[k], points);
        series.label = absl::StrCat("z", k);
        series.colour = report::Colour(figure.series.size());
        figure.series.push_back(std::move(series));
      }
    }
    Figure& figure = rewards.emplace_back();
    figure.title = shown.empty() ? title : "";
    figure.x_label = analysis.meaning.task;
    figure.y_label = rewards.size() == 1 ? "reward" : "";
    Series series = Dots(analysis, slice, slice.reward, points);
    tasks.insert(tasks.end(), series.x.begin(), series.x.end());
    series.label = shown.empty() ? "an episode" : "";
    series.colour = "#404040";
    figure.series.push_back(std::move(series));
  }
  const auto [least, greatest] = std::minmax_element(tasks.begin(), tasks.end());
  const report::Limits range = WithRoom(*least, *greatest);
  report::Panels panels;
  panels.columns = rewards.size();
  if (!shown.empty()) Align(signals, range);
  Align(rewards, range);
  panels.figures = std::move(signals);
  panels.figures.insert(panels.figures.end(), rewards.begin(), rewards.end());
  panels.title = absl::StrCat(Title(analysis), shown.empty() ? "rewards" : "signal z and rewards",
                              " against the task, at in-episode steps t (", text::Counted(points, "episode"), ")");
  report::Style wide = style;
  wide.screen = {kBesidePanels + kPanelWidth * static_cast<double>(panels.columns),
                 kBesidePanels + kRowHeight * (shown.empty() ? 1 : 2)};
  return report::Draw(panels, wide, out + "/signal_by_task");
}

// A point is the mean over the steps until the next one, so that none is left out.
absl::Status DrawRewards(const Analysis& analysis, const report::Style& style, const std::string& out) {
  const std::vector<std::pair<const Episodes*, Series>> lines = {
      {&analysis.policy,
       {.label = "policy", .x = {}, .y = {}, .colour = report::ColourOf(analysis.subject.architecture, 0)}},
      {&analysis.adaptive, {.label = "finds the task out", .x = {}, .y = {}, .colour = "#606060", .dash = 1}},
      {&analysis.oracle, {.label = "knows the task", .x = {}, .y = {}, .colour = "#000000", .dash = 2}}};
  const uint32_t horizon = static_cast<uint32_t>(analysis.policy.reward_mean.size());
  Figure figure;
  const std::vector<uint32_t> steps = report::ShownSteps(horizon);
  for (auto [episodes, series] : lines) {
    for (size_t i = 0; i < steps.size(); ++i) {
      const uint32_t end = i + 1 < steps.size() ? steps[i + 1] : horizon;
      const auto first = episodes->reward_mean.begin();
      series.x.push_back(steps[i] + 1.0);
      series.y.push_back(std::accumulate(first + steps[i], first + end, 0.0) / (end - steps[i]));
    }
    figure.series.push_back(std::move(series));
  }
  figure.title = Title(analysis) + "reward within an episode, beside the best rules";
  figure.y_label = absl::StrCat("mean reward over ", analysis.policy.count, " episodes");
  figure.x_label = "step within the episode";
  report::SetStepAxis(horizon, figure);
  return report::Draw(figure, style, out + "/rewards");
}

absl::Status DrawSignal(const Analysis& analysis, const report::Style& style, const std::string& out) {
  Series all = {.label = "R² of all z on the task", .x = {}, .y = {}, .colour = report::Colour(0), .markers = true};
  Series best = {
      .label = "R² of the best z", .x = {}, .y = {}, .colour = report::Colour(2), .dash = 1, .markers = true};
  for (const SignalStep& step : analysis.signal) {
    if (!step.best) continue;  // z is the same in all episodes
    all.x.push_back(step.t + 1.0);
    all.y.push_back(*step.r_squared);
    best.x.push_back(step.t + 1.0);
    best.y.push_back(*step.z[*step.best].r_squared);
  }
  Figure figure;
  for (Series* series : {&all, &best}) {
    if (!series->x.empty()) figure.series.push_back(std::move(*series));
  }
  if (analysis.drift) {
    Series drift = {.label = absl::StrCat("drift of z since step ", kSettledStep, " / its spread over episodes"),
                    .x = {},
                    .y = analysis.drift->share,
                    .colour = report::Colour(1)};
    for (const uint32_t t : analysis.drift->t) drift.x.push_back(t + 1.0);
    figure.series.push_back(std::move(drift));
  }
  if (figure.series.empty()) return absl::OkStatus();
  figure.title = Title(analysis) + "what z tells of the task, and whether it then stands still";
  figure.y_label = "share";
  figure.x_label = "step within the episode";
  report::SetStepAxis(static_cast<uint32_t>(analysis.policy.reward_mean.size()), figure);
  return report::Draw(figure, style, out + "/signal");
}

}  // namespace

absl::Status DrawFigures(const Analysis& analysis, uint32_t points, const report::Style& style,
                         const std::string& out) {
  absl::Status status = DrawByTask(analysis, std::min(points, analysis.policy.count), style, out);
  if (status.ok()) status = DrawRewards(analysis, style, out);
  if (status.ok() && !analysis.signal.empty()) status = DrawSignal(analysis, style, out);
  return status;
}

}  // namespace nmn::analysis
