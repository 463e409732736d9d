#include "cli/analysis/output.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/report/adaptation.h"
#include "cli/report/output.h"

namespace nmn::analysis {
namespace {

using nlohmann::ordered_json;

template <typename T>
ordered_json Maybe(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

void AddEstimate(const std::string& name, const play::Estimate& estimate, ordered_json& object) {
  object[name + "_mean"] = estimate.mean;
  object[name + "_sem"] = estimate.standard_error;
}

ordered_json AdaptationJson(const Episodes& episodes) {
  const Adaptation adaptation = AdaptationOf(episodes);
  ordered_json object;
  AddEstimate("return", adaptation.returns, object);
  AddEstimate("discounted", adaptation.discounted, object);
  object["final_reward"] = adaptation.final_rate;
  object["adapted_step"] = Maybe(adaptation.adapted_step);
  object["first_hit_median"] = Maybe(adaptation.half_hit_step);
  object["first_hit_90_percent"] = Maybe(adaptation.most_hit_step);
  object["never_hit"] = adaptation.never_hit;
  return object;
}

ordered_json RegretJson(const Episodes& best, const Episodes& policy) {
  const Regret regret = RegretAgainst(best, policy);
  ordered_json object;
  AddEstimate("return", regret.returns, object);
  AddEstimate("discounted", regret.discounted, object);
  return object;
}

ordered_json SignalJson(const Analysis& analysis) {
  if (analysis.signal.empty()) return nullptr;
  ordered_json object;
  object["size"] = analysis.signal[0].z.size();
  object["steps"] = ordered_json::array();
  for (const SignalStep& step : analysis.signal) {
    ordered_json row = {{"t", step.t}, {"r_squared", Maybe(step.r_squared)}, {"best", Maybe(step.best)}};
    row["best_r_squared"] = step.best ? Maybe(step.z[*step.best].r_squared) : ordered_json(nullptr);
    object["steps"].push_back(std::move(row));
  }
  object["drift"] = analysis.drift ? ordered_json(analysis.drift->mean) : ordered_json(nullptr);
  return object;
}

std::string StepText(const std::optional<uint32_t>& step) { return step ? absl::StrCat(*step) : "never"; }

// "0.912", or what there is in its place.
std::string ShareText(const std::optional<double>& share, const char* otherwise) {
  return share ? absl::StrFormat("%.3f", *share) : otherwise;
}

std::string EpisodesCsv(const Analysis& analysis) {
  std::string csv = absl::StrCat("episode,", analysis.meaning.task,
                                 ",first_hit,return,discounted_return,adaptive_return,adaptive_discounted_return,"
                                 "oracle_return,oracle_discounted_return\n");
  const Episodes &policy = analysis.policy, &adaptive = analysis.adaptive, &oracle = analysis.oracle;
  for (uint32_t e = 0; e < policy.count; ++e) {
    absl::StrAppendFormat(&csv, "%d,%.6g,%s,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g\n", e, policy.task[e],
                          policy.first_hit[e] ? absl::StrCat(*policy.first_hit[e]) : "", policy.returns[e],
                          policy.discounted[e], adaptive.returns[e], adaptive.discounted[e], oracle.returns[e],
                          oracle.discounted[e]);
  }
  return csv;
}

std::string RewardsCsv(const Analysis& analysis) {
  std::string csv =
      "step,reward_mean,reward_std,adaptive_mean,adaptive_std,oracle_mean,oracle_std,regret_against_adaptive,"
      "regret_against_oracle\n";
  const Episodes &policy = analysis.policy, &adaptive = analysis.adaptive, &oracle = analysis.oracle;
  const uint32_t horizon = static_cast<uint32_t>(policy.reward_mean.size());
  double against_adaptive = 0, against_oracle = 0;
  uint32_t counted = 0;
  for (const uint32_t t : report::ShownSteps(horizon)) {
    for (; counted <= t; ++counted) {
      against_adaptive += adaptive.reward_mean[counted] - policy.reward_mean[counted];
      against_oracle += oracle.reward_mean[counted] - policy.reward_mean[counted];
    }
    absl::StrAppendFormat(&csv, "%d,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g\n", t, policy.reward_mean[t],
                          policy.reward_deviation[t], adaptive.reward_mean[t], adaptive.reward_deviation[t],
                          oracle.reward_mean[t], oracle.reward_deviation[t], against_adaptive, against_oracle);
  }
  return csv;
}

// Rewards against the task, or with `signal` each z.
std::string ByTaskCsv(const Analysis& analysis, uint32_t points, bool signal) {
  std::string csv = absl::StrCat("step,episode,", analysis.meaning.task);
  if (signal) {
    for (size_t k = 0; k < analysis.signal[0].z.size(); ++k) absl::StrAppend(&csv, ",z", k);
  } else {
    absl::StrAppend(&csv, ",reward");
  }
  csv += '\n';
  for (const Slice& slice : analysis.policy.slices) {
    for (uint32_t e = 0; e < std::min(points, analysis.policy.count); ++e) {
      absl::StrAppendFormat(&csv, "%d,%d,%.6g", slice.t, e, slice.task[e]);
      if (signal) {
        for (const std::vector<double>& z : slice.z) absl::StrAppendFormat(&csv, ",%.6g", z[e]);
      } else {
        absl::StrAppendFormat(&csv, ",%.6g", slice.reward[e]);
      }
      csv += '\n';
    }
  }
  return csv;
}

std::string SignalCsv(const Analysis& analysis) {
  std::string csv = "step,z,mean,std,r_squared\n";
  for (const SignalStep& step : analysis.signal) {
    for (size_t k = 0; k < step.z.size(); ++k) {
      const SignalFigure& z = step.z[k];
      absl::StrAppendFormat(&csv, "%d,%d,%.6g,%.6g,%s\n", step.t, k, z.mean, z.deviation,
                            z.r_squared ? absl::StrFormat("%.6g", *z.r_squared) : "");
    }
  }
  return csv;
}

std::string DriftCsv(const Drift& drift) {
  std::string csv = "step,drift\n";
  for (size_t i = 0; i < drift.t.size(); ++i) absl::StrAppendFormat(&csv, "%d,%.6g\n", drift.t[i], drift.share[i]);
  return csv;
}

}  // namespace

std::string ToJson(const Analysis& analysis) {
  const Subject& subject = analysis.subject;
  ordered_json object = {{"policy", subject.policy},
                         {"benchmark", subject.benchmark},
                         {"architecture", subject.architecture},
                         {"run_id", subject.run_id},
                         {"update", subject.update},
                         {"config_hash", subject.config_hash},
                         {"episodes", analysis.policy.count},
                         {"seed", subject.seed},
                         {"temperature", subject.temperature},
                         {"task_variable", analysis.meaning.task}};
  for (const auto& [name, episodes] :
       {std::pair{"policy", &analysis.policy}, {"adaptive", &analysis.adaptive}, {"oracle", &analysis.oracle}})
    object["adaptation"][name] = AdaptationJson(*episodes);
  object["regret"] = {{"adaptive", RegretJson(analysis.adaptive, analysis.policy)},
                      {"oracle", RegretJson(analysis.oracle, analysis.policy)}};
  object["signal"] = SignalJson(analysis);
  return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string ToTable(const Analysis& analysis) {
  std::string table = absl::StrFormat("%s of %s, update %d: %d episodes of seed %d\n\n", analysis.subject.architecture,
                                      analysis.subject.benchmark, analysis.subject.update, analysis.policy.count,
                                      analysis.subject.seed);
  absl::StrAppendFormat(&table, "%-10s %24s %24s %10s %10s %10s %10s %8s\n", "", "return", "discounted", "reward",
                        "95 % at", "half hit", "90 % hit", "no hit");
  for (const auto& [name, episodes] :
       {std::pair{"policy", &analysis.policy}, {"adaptive", &analysis.adaptive}, {"oracle", &analysis.oracle}}) {
    const Adaptation adaptation = AdaptationOf(*episodes);
    absl::StrAppendFormat(&table, "%-10s %12.2f +- %8.2f %12.2f +- %8.2f %10.4f %10s %10s %10s %7.1f%%\n", name,
                          adaptation.returns.mean, adaptation.returns.standard_error, adaptation.discounted.mean,
                          adaptation.discounted.standard_error, adaptation.final_rate,
                          StepText(adaptation.adapted_step), StepText(adaptation.half_hit_step),
                          StepText(adaptation.most_hit_step), 100 * adaptation.never_hit);
  }
  absl::StrAppend(
      &table,
      "  reward: mean of a step over the second half of the episode; 95 % at: the step (from 0) at which the\n"
      "  mean reward is 95 % of that; half hit, 90 % hit: the step by which so many episodes had a hit\n\n");
  for (const auto& [name, episodes] : {std::pair{"adaptive", &analysis.adaptive}, {"oracle", &analysis.oracle}}) {
    const Regret regret = RegretAgainst(*episodes, analysis.policy);
    absl::StrAppendFormat(&table, "regret against %-10s %12.2f +- %8.2f, discounted %12.2f +- %8.2f\n", name,
                          regret.returns.mean, regret.returns.standard_error, regret.discounted.mean,
                          regret.discounted.standard_error);
  }
  if (analysis.signal.empty()) return table + "\nit has no z: only an NMN has\n";
  absl::StrAppendFormat(&table, "\nhow much of z the task explains (R^2 of a spline on %s)\n%6s %10s %10s %6s\n",
                        analysis.meaning.task, "step", "all z", "best z", "which");
  for (const SignalStep& step : analysis.signal) {
    absl::StrAppendFormat(&table, "%6d %10s %10s %6s\n", step.t, ShareText(step.r_squared, "constant"),
                          step.best ? ShareText(step.z[*step.best].r_squared, "") : "",
                          step.best ? absl::StrCat("z", *step.best) : "");
  }
  absl::StrAppendFormat(
      &table, "drift of z after step %d: %s of its spread over episodes at that step\n", kSettledStep,
      ShareText(analysis.drift ? std::optional(analysis.drift->mean) : std::nullopt, "unknown share"));
  return table;
}

absl::Status WriteTables(const Analysis& analysis, uint32_t points, const std::string& out) {
  std::vector<std::pair<std::string, std::string>> files = {
      {"episodes.csv", EpisodesCsv(analysis)},
      {"rewards.csv", RewardsCsv(analysis)},
      {"reward_by_task.csv", ByTaskCsv(analysis, points, /*signal=*/false)}};
  if (!analysis.signal.empty()) {
    files.emplace_back("signal.csv", SignalCsv(analysis));
    files.emplace_back("signal_by_task.csv", ByTaskCsv(analysis, points, /*signal=*/true));
  }
  if (analysis.drift) files.emplace_back("drift.csv", DriftCsv(*analysis.drift));
  files.emplace_back("analysis.json", ToJson(analysis) + "\n");
  for (const auto& [name, text] : files) {
    if (absl::Status status = report::WriteText(absl::StrCat(out, "/", name), text); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace nmn::analysis
