#include "learner/run/replay.h"

#include <algorithm>
#include <cmath>

#include "common/sync/mutex.h"

namespace nmn::run {
namespace {

// Figures in a failure's message, in brackets at its end, may differ in their last digits on another CPU.
std::string WithoutFigures(const std::string& reason) { return reason.substr(0, reason.find(" (")); }

}  // namespace

ArraySummary Summarise(const NamedTensor& array) {
  ArraySummary summary{.name = array.name, .numbers = array.values.size()};
  double sum = 0;
  size_t finite = 0;
  for (const double value : array.values) {
    if (!std::isfinite(value)) continue;
    summary.least = finite == 0 ? value : std::min(summary.least, value);
    summary.greatest = finite == 0 ? value : std::max(summary.greatest, value);
    sum += value;
    ++finite;
  }
  summary.not_finite = summary.numbers - finite;
  summary.mean = finite == 0 ? 0 : sum / static_cast<double>(finite);
  return summary;
}

std::string NotFinite(const ppo::OptimiserStep& step) {
  if (!std::isfinite(step.loss)) return "loss";
  if (!std::isfinite(step.gradient_norm)) return "gradient norm";
  if (!std::isfinite(step.largest_parameter)) return "largest parameter";
  return "";
}

absl::StatusOr<ReplayReport> Replay(const FailedUpdate& failed, const ppo::TrainerOptions& options) {
  ReplayReport report;
  for (const std::vector<NamedTensor>* arrays : {&failed.batch, &failed.before.weights, &failed.before.optimizer}) {
    for (const NamedTensor& array : *arrays) report.arrays.push_back(Summarise(array));
  }
  Mutex mutex;
  ppo::TrainerOptions observed = options;
  observed.on_step = [&](const ppo::OptimiserStep& step) {
    MutexLock lock(mutex);
    (step.network == ppo::OptimiserStep::Network::kPolicy ? report.policy : report.critic).push_back(step);
  };
  absl::StatusOr<std::unique_ptr<ppo::Trainer>> trainer = ppo::Trainer::Create(failed.config, observed);
  if (!trainer.ok()) return trainer.status();
  if (absl::Status status = (*trainer)->Restore(failed.before); !status.ok()) return status;
  const absl::Status outcome = (*trainer)->Update(failed.update, BatchOf(failed)).status();
  report.code = absl::StatusCodeToString(outcome.code());
  report.reason = std::string(outcome.message());
  report.reproduced = report.code == failed.code && WithoutFigures(report.reason) == WithoutFigures(failed.reason);
  return report;
}

}  // namespace nmn::run
