#include "learner/run/serving.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "common/config/config.h"

namespace nmn::run {

absl::StatusOr<std::unique_ptr<Serving>> Serving::Start(const service::LearnerServer::Options& options, uint32_t update,
                                                        StuckRule stuck, metrics::Exporter& exporter) {
  absl::StatusOr<std::unique_ptr<service::LearnerServer>> server = service::LearnerServer::Start(options);
  if (!server.ok()) return server.status();
  service::Progress progress;
  progress.update = update;
  progress.budget_updates = config::BudgetUpdates(options.config);
  return std::unique_ptr<Serving>(new Serving(*std::move(server), std::move(progress), stuck, exporter));
}

Serving::Serving(std::unique_ptr<service::LearnerServer> server, service::Progress progress, StuckRule stuck,
                 metrics::Exporter& exporter)
    : exporter_(exporter),
      server_(std::move(server)),
      progress_(std::move(progress)),
      watchdog_(stuck, [this](bool is_stuck) { Tell(is_stuck); }) {
  Show("starting");
  exporter_.SetHealth([this] { return server_->health(); });
}

Serving::~Serving() {
  exporter_.SetHealth([] { return absl::UnavailableError("the learner is ending"); });
}

void Serving::Tell(bool stuck) {
  server_->SetStuck(stuck);
  if (stuck) {
    spdlog::error(
        "the run is stuck: there is work, and no step of it has ended for as long as one may take (--stuck_after); "
        "health is NOT_SERVING");
  } else {
    spdlog::warn("the run was stuck and goes on; health is SERVING");
  }
}

void Serving::Show(const char* state) {
  progress_.state = state;
  server_->SetProgress(progress_);
}

void Serving::Note(const UpdateSummary& summary) {
  progress_.update = summary.update;
  progress_.budget_updates = summary.budget_updates;
  progress_.return_mean = summary.return_mean;
  progress_.discounted_return_mean = summary.discounted_mean;
  progress_.seconds_left = summary.seconds_left;
}

void Serving::Publish(uint32_t update, const ppo::Trainer& trainer) {
  server_->Publish(update, trainer.ActorParameters());
}

absl::StatusOr<service::CollectedBatch> Serving::Collect(uint32_t update, const std::stop_token& stop) {
  Show("collecting");
  watchdog_.Wait();
  absl::StatusOr<service::CollectedBatch> batch = server_->Collect(update, stop);
  if (!batch.ok()) return batch;
  watchdog_.Work();
  Show("updating");
  return batch;
}

void Serving::Complete() {
  Show("complete");
  server_->Complete();
}

void Serving::Drain() {
  Show("draining");
  server_->Drain();
}

}  // namespace nmn::run
