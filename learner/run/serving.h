#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>

#include "absl/status/statusor.h"
#include "common/metrics/exporter.h"
#include "learner/ppo/trainer.h"
#include "learner/run/observer.h"
#include "learner/run/stuck_watchdog.h"
#include "learner/service/learner_server.h"

namespace nmn::run {

// A run's server, with what a run that is served owes it: its state for GetStatus, and the watchdog, which takes the
// health of a run that is stuck. One thread.
class Serving {
 public:
  // `update`: completed so far. `exporter` says the health that the server has.
  static absl::StatusOr<std::unique_ptr<Serving>> Start(const service::LearnerServer::Options& options, uint32_t update,
                                                        StuckRule stuck, metrics::Exporter& exporter);
  ~Serving();

  service::LearnerServer& server() { return *server_; }

  // The actors' parameters for `update`.
  void Publish(uint32_t update, const ppo::Trainer& trainer);
  // All episodes of `update`, for which the run waits; from then on it works. CANCELLED on stop.
  absl::StatusOr<service::CollectedBatch> Collect(uint32_t update, const std::stop_token& stop);
  // A step of the work has ended.
  void StepDone() { watchdog_.Work(); }
  // For GetStatus, from the next change of state on.
  void Note(const UpdateSummary& summary);

  // The run is over, or the learner stops and may come back (learner_server.h).
  void Complete();
  void Drain();

 private:
  Serving(std::unique_ptr<service::LearnerServer> server, service::Progress progress, StuckRule stuck,
          metrics::Exporter& exporter);
  void Show(const char* state);
  void Tell(bool stuck);

  metrics::Exporter& exporter_;
  std::unique_ptr<service::LearnerServer> server_;
  service::Progress progress_;
  StuckWatchdog watchdog_;  // last: its thread uses the server
};

}  // namespace nmn::run
