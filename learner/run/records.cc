#include "learner/run/records.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "common/digest/sha256.h"
#include "learner/metrics/update_metrics.h"

namespace nmn::run {
namespace {

using nlohmann::ordered_json;

ordered_json ToObject(const v1::EvaluationRecord& evaluation) {
  return {{"update", evaluation.update()},
          {"episodes", evaluation.episodes()},
          {"return_mean", evaluation.return_mean()},
          {"return_sem", evaluation.return_sem()},
          {"discounted_mean", evaluation.discounted_mean()},
          {"discounted_sem", evaluation.discounted_sem()}};
}

ordered_json ToObject(const v1::Lineage& lineage) {
  return {{"source", lineage.source()},
          {"run_id", lineage.run_id()},
          {"update", lineage.update()},
          {"weights_sha256", lineage.weights_sha256()},
          {"taken", std::vector<std::string>(lineage.taken().begin(), lineage.taken().end())},
          {"left", std::vector<std::string>(lineage.left().begin(), lineage.left().end())}};
}

// JSON has no NaN; nlohmann writes null for it.
ordered_json ToObject(const std::map<std::string, double>& numbers) {
  ordered_json object = ordered_json::object();
  for (const auto& [name, number] : numbers) object[name] = number;
  return object;
}

ordered_json ToNumber(metrics::NumberKind kind, double number) {
  switch (kind) {
    case metrics::NumberKind::kCount:
      return static_cast<uint64_t>(number);
    case metrics::NumberKind::kFlag:
      return number != 0;
    case metrics::NumberKind::kReal:
      break;
  }
  return number;
}

std::string Text(const ordered_json& json, int indent) {
  return json.dump(indent, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

// The shortest text that reads back as the same number.
void AppendNumber(double value, std::string& out) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof(text), value);
  out.append(text, end);
}

// Cells are empty if the episode has no such trial.
void AppendTrials(const trajectory::EpisodeTrials& trials, std::string& out) {
  absl::StrAppend(&out, ",", trials.completed);
  for (const double value : {trials.first, trials.last}) {
    out += ',';
    if (trials.completed > 0) AppendNumber(value, out);
  }
  out += ',';
  if (trials.cut) AppendNumber(*trials.cut, out);
}

// The update of a line of metrics.jsonl; 0 if it is not such a line.
uint32_t UpdateOf(std::string_view line) {
  constexpr std::string_view kBegin = "{\"update\":";
  uint32_t update = 0;
  if (line.substr(0, kBegin.size()) != kBegin) return 0;
  const auto [end, error] = std::from_chars(line.data() + kBegin.size(), line.data() + line.size(), update);
  return error == std::errc() ? update : 0;
}

double NumberOf(const ordered_json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

// null if there is none.
const ordered_json& At(const ordered_json& object, const char* name) {
  static const ordered_json* const none = new ordered_json;
  if (!object.is_object()) return *none;
  const auto found = object.find(name);
  return found == object.end() ? *none : *found;
}

// What MetricsLine wrote about an update; nothing if the line is not one of its lines.
std::optional<metrics::UpdateRow> ReadMetricsLine(std::string_view line) {
  const ordered_json json = ordered_json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  metrics::UpdateRow row;
  row.update = UpdateOf(line);
  for (const metrics::UpdateMetric& metric : metrics::UpdateMetrics())
    row.numbers.push_back(metric.field == nullptr ? NumberOf(nullptr) : NumberOf(At(json, metric.field)));
  for (const auto& [step, reward] : At(json, "adaptation").items()) row.adaptation.emplace_back(step, NumberOf(reward));
  for (const auto& [trial, figure] : At(json, "trials").items())
    row.trials.emplace_back(trial, NumberOf(At(figure, "return_mean")));
  if (const ordered_json& evaluation = At(json, "evaluation"); evaluation.is_object()) {
    row.evaluation.emplace();
    row.evaluation->set_update(row.update);
    row.evaluation->set_return_mean(NumberOf(At(evaluation, "return_mean")));
    row.evaluation->set_return_sem(NumberOf(At(evaluation, "return_sem")));
    row.evaluation->set_discounted_mean(NumberOf(At(evaluation, "discounted_mean")));
    row.evaluation->set_discounted_sem(NumberOf(At(evaluation, "discounted_sem")));
  }
  return row;
}

}  // namespace

std::string MetricsLine(const metrics::MetricsRecord& record) {
  ordered_json line;
  for (const metrics::UpdateMetric& metric : metrics::UpdateMetrics()) {
    if (metric.field == nullptr) continue;
    if (const std::optional<double> number = metric.get(record)) line[metric.field] = ToNumber(metric.kind, *number);
  }
  ordered_json& measures = line["measures"] = ordered_json::object();
  for (const auto& [name, mean] : record.measures) measures[name] = mean;
  ordered_json& adaptation = line["adaptation"] = ordered_json::object();
  for (const auto& [step, reward] : record.adaptation) adaptation[absl::StrCat(step)] = reward;
  if (record.trials_per_episode) {
    ordered_json& trials = line["trials"] = ordered_json::object();
    for (const auto& [name, figure] : record.trials)
      trials[name] = {{"return_mean", figure.mean}, {"episodes", figure.episodes}};
  }
  line["phase_seconds"] = ToObject(record.report.phase_seconds);
  if (record.evaluation.has_value()) line["evaluation"] = ToObject(*record.evaluation);
  return Text(line, -1);
}

metrics::UpdateHistory ReadHistory(std::string_view lines) {
  std::vector<std::pair<uint32_t, std::string_view>> numbered;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    const uint32_t update = UpdateOf(line);
    if (update > (numbered.empty() ? 0 : numbered.back().first)) numbered.emplace_back(update, line);
  }
  metrics::UpdateHistory history;
  for (const auto& [update, line] : numbered) {
    const bool kept = metrics::UpdateHistory::Rows::Keeps(update, numbered.back().first);
    if (!kept && line.find("\"evaluation\":") == std::string_view::npos) continue;
    if (std::optional<metrics::UpdateRow> row = ReadMetricsLine(line)) history.Add(*std::move(row));
  }
  return history;
}

std::string EpisodesHeader(const EpisodeRows& episodes) {
  std::string header = "update,episode,return,discounted_return";
  for (const std::string& name : episodes.measure_names) absl::StrAppend(&header, ",", name);
  if (!episodes.trials.empty()) header += ",trials,first_trial_return,last_trial_return,cut_trial_return";
  return header + "\n";
}

std::string EpisodesLines(const EpisodeRows& episodes) {
  std::string lines;
  for (size_t episode = 0; episode < episodes.raw.size(); ++episode) {
    absl::StrAppend(&lines, episodes.update, ",", episode, ",");
    AppendNumber(episodes.raw[episode], lines);
    lines += ',';
    AppendNumber(episodes.discounted[episode], lines);
    for (const std::vector<double>& measure : episodes.measures) {
      lines += ',';
      AppendNumber(measure[episode], lines);
    }
    if (!episodes.trials.empty()) AppendTrials(episodes.trials[episode], lines);
    lines += '\n';
  }
  return lines;
}

std::vector<std::pair<std::string, double>> EventScalars(const metrics::MetricsRecord& record) {
  std::vector<std::pair<std::string, double>> scalars;
  for (const metrics::UpdateMetric& metric : metrics::UpdateMetrics()) {
    if (metric.tag == nullptr) continue;
    if (const std::optional<double> number = metric.get(record)) scalars.emplace_back(metric.tag, *number);
  }
  for (const auto& [name, mean] : record.measures) scalars.emplace_back("measures/" + name, mean);
  for (const auto& [step, reward] : record.adaptation) {
    scalars.emplace_back(absl::StrCat("adaptation/reward_at_step_", step), reward);
  }
  for (const auto& [name, figure] : record.trials) scalars.emplace_back("trials/return_of_" + name, figure.mean);
  std::erase_if(scalars, [](const auto& scalar) { return !std::isfinite(scalar.second); });
  return scalars;
}

std::string SummaryText(const Summary& summary) {
  const v1::RunConfig& config = summary.config;
  ordered_json json;
  json["run_id"] = summary.run_id;
  json["benchmark"] = config.benchmark();
  json["arch"] = absl::AsciiStrToLower(v1::Architecture_Name(config.network().architecture()));
  json["preset"] = config.preset();
  json["seed"] = config.seed();
  json["config_hash"] = Hex(config::Hash(config));
  json["build"] = {{"version", summary.build.version()},
                   {"commit", summary.build.commit()},
                   {"protocol", summary.build.protocol()},
                   {"rounding_class", summary.build.rounding_class()}};
  json["complete"] = summary.complete;
  json["ended_by"] = summary.ended_by;
  json["updates"] = summary.updates;
  json["checkpoint_update"] = summary.checkpoint_update;
  json["episodes"] = summary.episodes;
  json["environment_steps"] = summary.environment_steps;
  json["final_return_mean"] = summary.final_return_mean;
  json["final_discounted_mean"] = summary.final_discounted_mean;
  json["wall_seconds"] = summary.wall_seconds;
  json["phase_seconds"] = ToObject(summary.phase_seconds);
  json["weights_sha256"] = summary.weights_sha256;
  if (summary.last_evaluation.has_value()) json["last_evaluation"] = ToObject(*summary.last_evaluation);
  if (summary.best_evaluation.has_value()) json["best_evaluation"] = ToObject(*summary.best_evaluation);
  if (summary.lineage.has_value()) json["init"] = ToObject(*summary.lineage);
  return Text(json, 2);
}

}  // namespace nmn::run
