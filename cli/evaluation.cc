#include "cli/evaluation.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "common/text/counted.h"

namespace nmn::cli {
namespace {

constexpr int kWidth = 14;  // of a number in the table

nlohmann::ordered_json Number(double value) {
  if (!std::isfinite(value)) return nullptr;
  return value;
}

}  // namespace

std::string ToJson(const play::Evaluation& evaluation) {
  nlohmann::ordered_json object;
  object["episodes"] = evaluation.episodes;
  object["return_mean"] = Number(evaluation.raw.mean);
  object["return_sem"] = Number(evaluation.raw.standard_error);
  object["discounted_mean"] = Number(evaluation.discounted.mean);
  object["discounted_sem"] = Number(evaluation.discounted.standard_error);
  for (const auto& [name, estimate] : evaluation.measures) {
    object[name + "_mean"] = Number(estimate.mean);
    object[name + "_sem"] = Number(estimate.standard_error);
  }
  nlohmann::ordered_json adaptation = nlohmann::ordered_json::object();
  for (const auto& [step, reward] : evaluation.adaptation) adaptation[std::to_string(step)] = Number(reward);
  object["adaptation"] = adaptation;
  if (evaluation.trials) {
    object["trials_per_episode"] = evaluation.trials->per_episode;
    nlohmann::ordered_json& trials = object["trials"] = nlohmann::ordered_json::object();
    for (const auto& [name, figure] : trajectory::NamedFigures(*evaluation.trials, trajectory::kManyTrials)) {
      trials[name] = {{"return_mean", Number(figure.mean)},
                      {"return_sem", Number(figure.standard_error)},
                      {"episodes", figure.episodes}};
    }
  }
  return object.dump();
}

std::string WithError(double mean, double standard_error, int width) {
  const std::string error = std::isfinite(standard_error) ? absl::StrFormat("%.4f", standard_error) : "unknown";
  return absl::StrFormat("%*.4f +- %s", width, mean, error);
}

std::string ToTable(const play::Evaluation& evaluation) {
  std::string table = text::Counted(evaluation.episodes, "episode") + ": mean +- its standard error\n";
  const auto row = [&](const std::string& name, const play::Estimate& estimate) {
    absl::StrAppendFormat(&table, "%-20s %s\n", name, WithError(estimate.mean, estimate.standard_error, kWidth));
  };
  row("return", evaluation.raw);
  row("discounted return", evaluation.discounted);
  for (const auto& [name, estimate] : evaluation.measures) row(name, estimate);
  for (const auto& [step, reward] : evaluation.adaptation)
    absl::StrAppendFormat(&table, "reward at step %-5d %*.4f\n", step, kWidth, reward);
  if (!evaluation.trials) return table;
  if (evaluation.trials->per_episode == 0) return absl::StrCat(table, "no trial was completed within an episode\n");
  absl::StrAppendFormat(&table,
                        "%.2f trials completed in an episode; the return of each over those that completed it\n",
                        evaluation.trials->per_episode);
  for (const auto& [name, figure] : trajectory::NamedFigures(*evaluation.trials, trajectory::kManyTrials)) {
    absl::StrAppendFormat(&table, "trial %-14s %s (%s)\n", name, WithError(figure.mean, figure.standard_error, kWidth),
                          text::Counted(figure.episodes, "episode"));
  }
  return table;
}

}  // namespace nmn::cli
