#include "learner/metrics/live_run.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/build/build.h"
#include "common/config/config.h"
#include "common/env/figures.h"
#include "common/text/utf8.h"
#include "learner/metrics/bottleneck.h"
#include "learner/metrics/update_metrics.h"

namespace nmn::metrics {
namespace {

using nlohmann::ordered_json;

// JSON has no NaN; nlohmann writes null for it, of a real number.
ordered_json ToNumber(NumberKind kind, double number) {
  if (!std::isfinite(number) || kind == NumberKind::kReal) return number;
  return kind == NumberKind::kFlag ? ordered_json(number != 0) : ordered_json(static_cast<uint64_t>(number));
}

// Of names and numbers.
template <typename Numbers>
ordered_json ToObject(const Numbers& numbers) {
  ordered_json object = ordered_json::object();
  for (const auto& [name, number] : numbers) object[name] = number;
  return object;
}

// A list for each field of metrics.jsonl.
ordered_json HistoryOf(const UpdateHistory& history) {
  ordered_json json;
  json["stride"] = history.rows().stride();
  for (size_t i = 0; i < UpdateMetrics().size(); ++i) {
    const UpdateMetric& metric = UpdateMetrics()[i];
    if (metric.field == nullptr) continue;
    ordered_json& list = json[metric.field] = ordered_json::array();
    for (const auto& [update, row] : history.rows().numbered()) list.push_back(ToNumber(metric.kind, row->numbers[i]));
  }
  return json;
}

ordered_json EvaluationsOf(const UpdateHistory& history) {
  ordered_json json;
  for (const char* field : {"update", "return_mean", "return_sem", "discounted_mean", "discounted_sem"})
    json[field] = ordered_json::array();
  for (const auto& [number, row] : history.evaluations().numbered()) {
    const v1::EvaluationRecord& evaluation = *row->evaluation;
    json["update"].push_back(evaluation.update());
    json["return_mean"].push_back(evaluation.return_mean());
    json["return_sem"].push_back(evaluation.return_sem());
    json["discounted_mean"].push_back(evaluation.discounted_mean());
    json["discounted_sem"].push_back(evaluation.discounted_sem());
  }
  return json;
}

// Of the first update that there is, one about half way, and the last.
ordered_json AdaptationOf(const UpdateHistory& history) {
  ordered_json json = ordered_json::array();
  const auto& rows = history.rows().numbered();
  if (rows.empty()) return json;
  std::vector<size_t> chosen = {0, rows.size() / 2, rows.size() - 1};
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  for (const size_t i : chosen) {
    const UpdateRow& row = *rows[i].second;
    json.push_back({{"update", row.update}, {"steps", ToObject(row.adaptation)}, {"trials", ToObject(row.trials)}});
  }
  return json;
}

ordered_json FleetOf(const v1::GetStatusResponse& status, uint32_t limit, uint64_t connected) {
  ordered_json json = {{"connected", connected}, {"known", status.actors_size()}, {"limit", limit}};
  ordered_json& actors = json["actors"] = ordered_json::array();
  for (const v1::ActorStatus& actor : status.actors()) {
    if (actors.size() == LiveRun::kMostActors) break;
    actors.push_back({{"actor_id", text::Printable(actor.actor_id())},
                      {"connected", actor.connected()},
                      {"steps_per_second", actor.steps_per_second()},
                      {"episodes_per_second", actor.episodes_per_second()},
                      {"policy_version", actor.policy_version()},
                      {"policy_lag", actor.policy_lag()},
                      {"units_accepted", actor.units_accepted()},
                      {"units_leased", actor.units_leased()},
                      {"seconds_since_heard", actor.seconds_since_heard()},
                      {"last_error", text::Printable(actor.last_error())}});
  }
  json["rejected"] = ordered_json::object();
  // A protobuf map has no order; the page does.
  for (const auto& [reason, count] : std::map<std::string, uint64_t>(status.rejects().begin(), status.rejects().end()))
    json["rejected"][reason] = count;
  return json;
}

void Sum(std::map<std::string, double>& sum, const std::map<std::string, double>& more) {
  for (const auto& [phase, seconds] : more) sum[phase] += seconds;
}

}  // namespace

LiveRun::LiveRun(const v1::RunConfig& config, std::string run) : config_(config), run_(std::move(run)) {
  without_.health = absl::UnavailableError("the learner is starting");
  without_.status.set_state("starting");
  without_.status.set_budget_updates(config::BudgetUpdates(config));
}

void LiveRun::SetSource(Source source) {
  MutexLock lock(source_mutex_);
  if (source_ && !source) {
    without_ = source_();
    without_.health = absl::UnavailableError("the learner is ending");
    without_.status.set_state("ending");
  }
  source_ = std::move(source);
}

void LiveRun::Restore(UpdateHistory history) {
  MutexLock lock(mutex_);
  told_.history = std::move(history);
}

void LiveRun::OnUpdate(const MetricsRecord& record, double kl_target) {
  UpdateRow row = RowOf(record);
  MutexLock lock(mutex_);
  told_.history.Add(std::move(row));
  told_.kl_target = kl_target;
  told_.recent.push_back({{}, record.report.phase_seconds});
  if (told_.recent.size() > kRecentUpdates) told_.recent.pop_front();
  Sum(told_.process.parts, record.report.phase_seconds);
}

void LiveRun::AddPhase(const std::string& phase, double seconds) {
  MutexLock lock(mutex_);
  told_.process.loop[phase] += seconds;
  if (!told_.recent.empty()) told_.recent.back().loop[phase] += seconds;
}

std::string LiveRun::Json() const {
  LearnerStatus learner;
  {
    MutexLock lock(source_mutex_);
    learner = source_ ? source_() : without_;
  }
  Told told;
  {
    MutexLock lock(mutex_);
    told = told_;
  }
  const v1::GetStatusResponse& status = learner.status;
  const uint64_t connected = std::count_if(status.actors().begin(), status.actors().end(),
                                           [](const auto& actor) { return actor.connected(); });
  Times recent;
  for (const Times& times : told.recent) {
    Sum(recent.loop, times.loop);
    Sum(recent.parts, times.parts);
  }
  const bool over = status.state() == "complete" || status.state() == "draining" || status.state() == "ending";

  ordered_json json;
  json["run"] = {{"name", text::Printable(run_)},
                 {"benchmark", config_.benchmark()},
                 {"arch", absl::AsciiStrToLower(v1::Architecture_Name(config_.network().architecture()))},
                 {"preset", config_.preset()},
                 {"seed", absl::StrCat(config_.seed())},
                 {"mode", absl::AsciiStrToLower(v1::Mode_Name(config_.mode()))},
                 {"run_id", status.run_id()},
                 {"generation", status.generation()},
                 {"version", build::Version()},
                 {"commit", build::Commit()}};
  json["state"] = status.state();
  json["health"] = learner.health.ok() ? "ok" : std::string(learner.health.message());
  json["update"] = status.update();
  json["budget_updates"] = status.budget_updates();
  json["seconds_left"] = status.seconds_left();
  json["bottleneck"] = over ? "" : Bottleneck(recent.loop, connected);
  const std::optional<env::Optimum> optimum = env::KnownTrainingOptimum(config_);
  json["optimum"] = nullptr;
  if (optimum) json["optimum"] = {{"return", optimum->raw}, {"discounted", optimum->discounted}};
  json["kl_target"] = nullptr;
  if (told.kl_target > 0) json["kl_target"] = told.kl_target;
  json["history"] = HistoryOf(told.history);
  json["evaluations"] = EvaluationsOf(told.history);
  json["adaptation"] = AdaptationOf(told.history);
  json["time"] = {{"updates", told.recent.size()},
                  {"recent", {{"loop", ToObject(recent.loop)}, {"parts", ToObject(recent.parts)}}},
                  {"process", {{"loop", ToObject(told.process.loop)}, {"parts", ToObject(told.process.parts)}}}};
  json["fleet"] = FleetOf(status, config_.work().max_actors(), connected);
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace nmn::metrics
