#include "cli/sweep/status_table.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/progress.h"
#include "common/text/counted.h"
#include "common/text/number.h"

namespace nmn::sweep {
namespace {

using nlohmann::ordered_json;

template <typename Value>
ordered_json OrNull(const std::optional<Value>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

std::string Duration(const std::optional<double>& seconds) { return seconds ? cli::HumanDuration(*seconds) : "-"; }

}  // namespace

Totals Sum(const std::vector<RunState>& states, size_t jobs) {
  Totals totals;
  totals.runs = states.size();
  double updates = 0, within_budget = 0, budget = 0, seconds = 0, work_left = 0;
  for (const RunState& state : states) {
    totals.done += state.state == State::kDone;
    totals.running += state.state == State::kRunning;
    totals.waiting += state.state == State::kWaiting || state.state == State::kQueued;
    totals.interrupted += state.state == State::kInterrupted;
    totals.failed += state.state == State::kFailed;
    updates += state.update;
    within_budget += state.budget_updates - state.updates_left();
    budget += state.budget_updates;
    seconds += state.seconds;
    if (state.state != State::kDone && state.state != State::kFailed) work_left += state.updates_left();
  }
  totals.fraction = cli::Fraction(within_budget, budget);
  const double at_once = static_cast<double>(std::max<size_t>(jobs == 0 ? totals.running : jobs, 1));
  if (totals.running > 0 && updates > 0) totals.seconds_left = seconds / updates * work_left / at_once;
  return totals;
}

std::string Counts(const Totals& totals) {
  std::string text = absl::StrCat(totals.done, "/", text::Counted(totals.runs, "run"), " done");
  const auto add = [&](size_t count, const char* what) {
    if (count > 0) absl::StrAppend(&text, ", ", count, " ", what);
  };
  add(totals.running, "running");
  add(totals.waiting, "waiting");
  add(totals.interrupted, "interrupted");
  add(totals.failed, "failed");
  return text;
}

std::string Table(const std::vector<RunState>& states) {
  size_t width = 3;
  for (const RunState& state : states) width = std::max(width, state.name.size());
  std::string text = absl::StrFormat("%-*s  %-11s  %-22s  %11s  %10s  %9s\n", static_cast<int>(width), "run", "state",
                                     "progress", "update", "discounted", "time left");
  for (const RunState& state : states) {
    const std::string mean = state.discounted_return ? text::Rounded(*state.discounted_return) : "-";
    absl::StrAppend(
        &text,
        absl::StrFormat("%-*s  %-11s  %-22s  %11s  %10s  %9s%s\n", static_cast<int>(width), state.name,
                        ToString(state.state), cli::Bar(state.fraction()),
                        absl::StrCat(state.update, "/", state.budget_updates), mean, Duration(state.seconds_left),
                        state.state == State::kFailed ? absl::StrCat("  exit ", *state.exit_code) : ""));
  }
  const Totals totals = Sum(states);
  absl::StrAppend(&text, "\n", cli::Bar(totals.fraction), " ",
                  absl::StrFormat("%.0f %%", std::floor(100 * totals.fraction)), "  ", Counts(totals));
  if (totals.seconds_left) absl::StrAppend(&text, ", about ", cli::HumanDuration(*totals.seconds_left), " left");
  return text + "\n(discounted: the discounted return, mean of the last 1000 episodes, of all where a run has fewer)\n";
}

std::string ToJsonLine(const std::vector<RunState>& states) {
  const Totals totals = Sum(states);
  ordered_json json;
  json["done"] = totals.done;
  json["running"] = totals.running;
  json["waiting"] = totals.waiting;
  json["interrupted"] = totals.interrupted;
  json["failed"] = totals.failed;
  json["fraction"] = totals.fraction;
  json["seconds_left"] = OrNull(totals.seconds_left);
  json["runs"] = ordered_json::array();
  for (const RunState& state : states) {
    ordered_json run;
    run["name"] = state.name;
    run["grid"] = ordered_json::object();
    for (const auto& [field, value] : state.values) run["grid"][field] = value;
    run["state"] = ToString(state.state);
    run["update"] = state.update;
    run["budget_updates"] = state.budget_updates;
    run["fraction"] = state.fraction();
    run["discounted_return"] = OrNull(state.discounted_return);
    run["seconds"] = state.seconds;
    run["seconds_left"] = OrNull(state.seconds_left);
    run["exit_code"] = OrNull(state.exit_code);
    run["weights_sha256"] = state.weights_sha256.empty() ? ordered_json(nullptr) : ordered_json(state.weights_sha256);
    json["runs"].push_back(std::move(run));
  }
  return json.dump() + "\n";
}

}  // namespace nmn::sweep
