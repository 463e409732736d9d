#pragma once

#include <atomic>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "common/exit_code/exit_code.h"
#include "common/metrics/exporter.h"
#include "learner/metrics/learner_metrics.h"
#include "learner/run/observer.h"
#include "learner/run/recorder.h"
#include "learner/run/run_options.h"
#include "learner/run/run_state.h"
#include "learner/run/run_storage.h"
#include "learner/run/serving.h"

namespace nmn::run {

// One training run, from its directory's lock to its summary: collects the episodes of an update, trains on them,
// publishes the new weights, writes metrics and checkpoints.
//
// Start does what must be true before anyone is served: address and BLAS checked, directory locked, state restored or
// made, generation raised on disk, port bound, checkpoint 0 of a new run written. Run blocks until the budget is
// reached or `stop`. One thread; the observer hears from it.
class LearnerRun {
 public:
  // The error's code tells the exit code (ExitCodeOf).
  static absl::StatusOr<std::unique_ptr<LearnerRun>> Start(const RunOptions& options, RunObserver& observer);

  // Whether the run had reached its budget before it was started: nothing is served, Run returns at once.
  bool already_complete() const { return serving_ == nullptr; }
  service::LearnerServer& server() { return serving_->server(); }
  uint32_t update() const { return state_.update; }               // completed
  std::string metrics_url() const { return exporter_->url(); }    // empty: off
  std::string page_url() const { return exporter_->page_url(); }  // of the live page; empty: off

  ExitCode Run(const std::stop_token& stop);
  // Says that the stop which follows comes of a failure, e.g. of actors in this process; summary.json keeps that. From
  // any thread.
  void NoteFailure() { failed_ = true; }

 private:
  LearnerRun(RunOptions options, RunObserver& observer, std::shared_ptr<tls::Tls> tls,
             std::unique_ptr<metrics::Exporter> exporter, std::unique_ptr<metrics::LearnerMetrics> metrics,
             RunStorage storage, RunState state);

  absl::Status CutFiles();
  absl::Status BeginGeneration();
  absl::Status Listen();
  absl::Status SaveFirst();
  void ShowHistory();
  absl::Status Serve();

  absl::Status CheckDirectory() const;                  // FAILED_PRECONDITION: it is not this run's any more
  absl::Status OneUpdate(const std::stop_token& stop);  // CANCELLED on stop
  void PlayNext(uint32_t update);
  void Evaluate();
  void KeepFailed(const service::CollectedBatch& batch, const absl::Status& failure);
  absl::Status Save();  // a checkpoint
  void SaveWhereDue();
  ExitCode Finish();
  ExitCode FinishFailed(const absl::Status& failure);
  ExitCode FinishAgain();

  const RunOptions options_;
  RunObserver& observer_;
  const std::shared_ptr<tls::Tls> tls_;  // of both ports; null: plain text
  std::unique_ptr<metrics::Exporter> exporter_;
  std::unique_ptr<metrics::LearnerMetrics> metrics_;
  RunStorage storage_;
  absl::Status said_of_older_;  // why an older checkpoint cannot be removed, as it was said last
  RunState state_;
  Recorder recorder_;
  uint32_t generation_ = 0;
  std::unique_ptr<Serving> serving_;  // null: already complete
  std::atomic<bool> failed_{false};
};

}  // namespace nmn::run
