#include "cli/report/adaptation.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "actor/play/evaluation.h"
#include "cli/player.h"
#include "cli/policy_choice.h"
#include "cli/report/curves.h"
#include "cli/report/figure.h"
#include "cli/report/gnuplot.h"
#include "cli/report/output.h"
#include "common/config/config.h"
#include "common/text/counted.h"

namespace nmn::report {
namespace {

constexpr uint32_t kEveryStepUntil = 100;
constexpr double kStepsPerDecade = 40;  // shown after that

enum class Source { kFirst, kLast, kPlayed };
constexpr const char* kSourceNames[] = {"first", "last", "played"};  // in the CSV

// A group's rewards at the steps that a source has.
struct Line {
  Source source;
  size_t group = 0;
  size_t runs = 0;
  // Of each run that was played, or the fewest and the most of those that trained.
  uint32_t least_episodes = 0, episodes = 0;
  std::vector<uint32_t> steps = {};
  std::vector<Spread> rewards = {};
};

size_t EpisodesPerUpdate(const Run& run) { return std::max<size_t>(1, run.config.ppo().episodes_per_update()); }

// How many of a run's updates make 1000 episodes; all of them if it has fewer.
size_t ShownUpdates(const Run& run, size_t updates) {
  const size_t episodes = EpisodesPerUpdate(run);
  return std::min(updates, (kSmoothingEpisodes + episodes - 1) / episodes);
}

// The mean reward at a step over the first or last ShownUpdates.
std::optional<double> TrainingReward(const Run& run, uint32_t step, bool last) {
  const auto found = run.reward_at_step.find(step);
  if (found == run.reward_at_step.end()) return std::nullopt;
  const std::vector<double>& rewards = found->second;
  const size_t count = ShownUpdates(run, rewards.size());
  return Mean(std::span(rewards).subspan(last ? rewards.size() - count : 0, count));
}

Line TrainingLine(const Adaptation& adaptation, size_t group, Source source) {
  Line line{source, group};
  const std::vector<size_t>& runs = adaptation.grouping.groups[group].runs;
  for (const auto& [step, unused] : adaptation.runs[runs[0]].reward_at_step) {
    std::vector<double> means;
    for (size_t run : runs) {
      const std::optional<double> mean = TrainingReward(adaptation.runs[run], step, source == Source::kLast);
      if (mean) means.push_back(*mean);
    }
    line.runs = means.size();
    line.steps.push_back(step);
    line.rewards.push_back(SpreadOf(means, adaptation.options));
  }
  for (size_t index : runs) {
    const Run& run = adaptation.runs[index];
    if (run.reward_at_step.empty()) continue;
    const size_t updates = ShownUpdates(run, run.reward_at_step.begin()->second.size());
    const uint32_t episodes = static_cast<uint32_t>(updates * EpisodesPerUpdate(run));
    line.least_episodes = line.episodes == 0 ? episodes : std::min(line.least_episodes, episodes);
    line.episodes = std::max(line.episodes, episodes);
  }
  return line;
}

// The spread of a single run is over its episodes.
Spread SpreadOfEpisodes(const RewardByStep& played, uint32_t step, const Options& options) {
  const double mean = played.mean[step], deviation = played.deviation[step];
  double half = deviation / std::sqrt(played.episodes);
  if (options.band == Band::kNone) half = 0;
  if (options.band == Band::kDeviation) half = deviation;
  if (options.band == Band::kBootstrap) half *= 1.96;  // the normal interval: of so many episodes it is the same
  return {mean, deviation, mean, mean - half, mean + half};
}

Line PlayedLine(const Adaptation& adaptation, size_t group) {
  Line line{Source::kPlayed, group};
  std::vector<const RewardByStep*> played;
  for (size_t run : adaptation.grouping.groups[group].runs) {
    if (adaptation.played[run]) played.push_back(&*adaptation.played[run]);
  }
  line.runs = played.size();
  if (played.empty()) return line;
  line.episodes = played[0]->episodes;
  line.steps = ShownSteps(static_cast<uint32_t>(played[0]->mean.size()));
  for (uint32_t step : line.steps) {
    std::vector<double> means;
    for (const RewardByStep* run : played) means.push_back(run->mean[step]);
    line.rewards.push_back(played.size() == 1 ? SpreadOfEpisodes(*played[0], step, adaptation.options)
                                              : SpreadOf(means, adaptation.options));
  }
  return line;
}

std::vector<Line> LinesOf(const Adaptation& adaptation) {
  std::vector<Line> lines;
  for (size_t group = 0; group < adaptation.grouping.groups.size(); ++group) {
    for (Line line : {TrainingLine(adaptation, group, Source::kFirst), TrainingLine(adaptation, group, Source::kLast),
                      PlayedLine(adaptation, group)}) {
      if (!line.steps.empty()) lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::string Csv(const Adaptation& adaptation, const std::vector<Line>& lines) {
  std::string csv = absl::StrCat("curve,", adaptation.grouping.CsvColumns(),
                                 ",runs,episodes,step,reward_mean,reward_std,reward_low,reward_high\n");
  for (const Line& line : lines) {
    const Group& group = adaptation.grouping.groups[line.group];
    const std::string beginning = absl::StrCat(CsvCell(group.label), ",", adaptation.grouping.CsvCells(group));
    for (size_t i = 0; i < line.steps.size(); ++i) {
      const Spread& reward = line.rewards[i];
      absl::StrAppendFormat(&csv, "%s,%d,%s,%d,%.9g,%.9g,%.9g,%.9g\n", beginning, line.runs,
                            kSourceNames[static_cast<size_t>(line.source)], line.steps[i], reward.mean,
                            reward.deviation, reward.low, reward.high);
    }
  }
  return csv;
}

std::string Legend(const std::string& label, const Line& line, const Style& style) {
  if (style.size)
    return absl::StrCat(label, ": ",
                        line.source == Source::kPlayed ? "learned" : kSourceNames[static_cast<size_t>(line.source)]);
  if (line.source == Source::kPlayed)
    return absl::StrCat(label, ": learned policy, ", text::Counted(line.episodes, "episode"),
                        line.runs > 1 ? " each" : "");
  const std::string fewest = line.least_episodes == line.episodes ? "" : absl::StrCat(line.least_episodes, " to ");
  return absl::StrCat(label, ": ", kSourceNames[static_cast<size_t>(line.source)], " ", fewest,
                      text::Counted(line.episodes, "training episode"));
}

}  // namespace

absl::StatusOr<RewardByStep> PlayRun(const Run& run, uint32_t episodes) {
  cli::PolicyFlags flags;
  flags.policy = absl::StrContains(run.path, '/') ? run.path : "./" + run.path;  // no rule of that name
  absl::StatusOr<cli::PolicyChoice> choice = cli::ChoosePolicy(flags);
  if (!choice.ok()) return choice.status();
  const uint32_t lanes = std::min<uint32_t>(play::kEvaluationLanes, episodes);
  absl::StatusOr<std::unique_ptr<play::Player>> player = cli::MakePlayer(*choice, flags, lanes);
  if (!player.ok()) return player.status();
  RewardByStep result;
  result.episodes = episodes;
  trajectory::TrialReturns trials;
  std::vector<double> squares;
  for (uint32_t first = 0; first < episodes; first += lanes) {
    const uint32_t count = std::min(lanes, episodes - first);
    absl::StatusOr<play::PlayedBatch> batch = (*player)->Play(first, count);
    if (!batch.ok()) return batch.status();
    if (batch->trajectories.layout().Has(v1::TRIAL_END)) trials.Add(batch->trajectories);
    const ConstView2 rewards = batch->trajectories.reward();
    result.mean.resize(rewards.rows);
    squares.resize(rewards.rows);
    for (size_t t = 0; t < rewards.rows; ++t) {
      for (uint32_t lane = 0; lane < count; ++lane) {
        const double reward = rewards(t, lane);
        result.mean[t] += reward;
        squares[t] += reward * reward;
      }
    }
  }
  if (!trials.episodes().empty()) result.trials = trials.Curve();
  for (size_t t = 0; t < result.mean.size(); ++t) {
    result.mean[t] /= episodes;
    const double variance = squares[t] - episodes * result.mean[t] * result.mean[t];
    result.deviation.push_back(episodes < 2 ? 0 : std::sqrt(std::max(0.0, variance) / (episodes - 1)));
  }
  return result;
}

std::vector<PlayedRewards> PlayedCurves(const Adaptation& adaptation) {
  std::vector<PlayedRewards> curves;
  for (size_t group = 0; group < adaptation.grouping.groups.size(); ++group) {
    Line line = PlayedLine(adaptation, group);
    curves.push_back({line.runs, line.episodes, std::move(line.steps), std::move(line.rewards)});
  }
  return curves;
}

std::vector<uint32_t> ShownSteps(uint32_t horizon) {
  std::vector<uint32_t> steps = {};
  for (double at = 0; at < horizon - 1;) {
    steps.push_back(static_cast<uint32_t>(at));
    at = at < kEveryStepUntil ? at + 1 : std::max(at + 1, std::floor(at * std::pow(10, 1 / kStepsPerDecade)));
  }
  steps.push_back(horizon - 1);
  return steps;
}

void SetStepAxis(uint32_t horizon, Figure& figure) {
  figure.log_x = true;
  const uint32_t last = horizon - 1;
  for (uint32_t step = 0; step < last; step = std::max(1u, 10 * step)) {
    if (2 * step < last) figure.ticks.push_back({absl::StrCat(step), step + 1.0});  // room for the last one's label
  }
  figure.ticks.push_back({absl::StrCat(last), last + 1.0});
}

absl::Status WriteAdaptation(const Adaptation& adaptation, const std::string& out) {
  const std::vector<Line> lines = LinesOf(adaptation);
  if (lines.empty()) {
    return absl::FailedPreconditionError(
        "--adaptation: no run has a policy that can be played, or the mean reward at in-episode steps in "
        "metrics.jsonl");
  }
  return WriteText(out + "/adaptation.csv", Csv(adaptation, lines));
}

absl::Status DrawAdaptation(const Adaptation& adaptation, const std::string& out) {
  const std::vector<Line> lines = LinesOf(adaptation);
  Figure figure;
  const auto played = [&](size_t group) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const Line& line) { return line.group == group && line.source == Source::kPlayed; });
  };
  uint32_t horizon = 1;
  for (const Line& line : lines) {
    if (line.source == Source::kLast && played(line.group)) continue;
    const Group& group = adaptation.grouping.groups[line.group];
    Series series;
    series.label = Legend(group.label, line, adaptation.options.style);
    series.colour = ColourOf(group.architecture, group.shade);
    // Training's lines have markers, so that nobody takes their dots for a curve's dashes.
    series.markers = line.source != Source::kPlayed;
    series.dash = line.source == Source::kFirst ? 2 : line.source == Source::kPlayed ? group.shade : 0;
    const bool band = line.source == Source::kPlayed && adaptation.options.band != Band::kNone;
    for (size_t i = 0; i < line.steps.size(); ++i) {
      series.x.push_back(line.steps[i] + 1.0);  // a logarithmic axis has no 0
      series.y.push_back(line.rewards[i].average);
      if (!band) continue;
      series.low.push_back(line.rewards[i].low);
      series.high.push_back(line.rewards[i].high);
    }
    horizon = std::max(horizon, line.steps.back() + 1);
    figure.series.push_back(std::move(series));
  }
  figure.title = absl::StrCat(TitleOf(adaptation.runs), ": reward within an episode, before and after learning");
  figure.x_label = "step within the episode";
  figure.y_label = adaptation.options.style.size ? "reward" : "mean reward at the step";
  SetStepAxis(horizon, figure);
  return Draw(figure, adaptation.options.style, out + "/adaptation");
}

}  // namespace nmn::report
