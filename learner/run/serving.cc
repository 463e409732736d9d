#include "learner/run/serving.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace nmn::run {

absl::StatusOr<std::unique_ptr<Serving>> Serving::Start(const service::LearnerServer::Options& options,
                                                        double stuck_seconds) {
  absl::StatusOr<std::unique_ptr<service::LearnerServer>> server = service::LearnerServer::Start(options);
  if (!server.ok()) return server.status();
  return std::unique_ptr<Serving>(new Serving(*std::move(server), stuck_seconds));
}

Serving::Serving(std::unique_ptr<service::LearnerServer> server, double stuck_seconds)
    : stuck_seconds_(stuck_seconds),
      server_(std::move(server)),
      watchdog_(stuck_seconds, [this](bool stuck) { Tell(stuck); }) {}

void Serving::Tell(bool stuck) {
  server_->SetStuck(stuck);
  if (stuck) {
    spdlog::error(
        "the run is stuck: there is work, and no step of it has ended for {:.0f} s and ten times the longest step so "
        "far; health is NOT_SERVING",
        stuck_seconds_);
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

absl::StatusOr<service::CollectedBatch> Serving::Collect(uint32_t update, const StopToken& stop) {
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
