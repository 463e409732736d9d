#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/config/config.h"
#include "common/exit_code/exit_code.h"
#include "common/fs/file_system.h"
#include "common/metrics/exporter.h"
#include "common/sync/stop.h"
#include "learner/checkpoint/checkpoint.h"
#include "learner/metrics/learner_metrics.h"
#include "learner/ppo/trainer.h"
#include "learner/run/event_log.h"
#include "learner/run/observer.h"
#include "learner/run/run_directory.h"
#include "learner/run/run_totals.h"
#include "learner/run/stuck_watchdog.h"
#include "learner/service/learner_server.h"

namespace nmn::run {

struct RunOptions {
  v1::RunConfig config;   // validated
  std::string directory;  // of the run
  bool resume = false;    // continue where a checkpoint was ever completed; without it such a directory is refused
  std::string listen;     // "" serves only actors of this process
  bool insecure = false;  // `listen` may be an address that other machines reach
  bool allow_mixed = false;
  bool discard_corrupt = false;                         // begin anew where checkpoints exist and none is valid
  std::string metrics = metrics::kOff;                  // host:port of /metrics, or "off"
  bool metrics_on_any_port = false;                     // where that port is in use
  bool event_log = false;                               // write events.jsonl (event_log.h)
  double stuck_seconds = StuckWatchdog::kLeastSeconds;  // a step of the run may take at least as long
  ppo::TrainerOptions trainer;
};

// One training run, from its directory's lock to its summary: collects the episodes of an update, trains on them,
// publishes the new weights, writes metrics and checkpoints. Owns the run directory, the server and the trainer.
//
// Start does what must be true before anyone is served: address and BLAS checked, directory locked, state restored or
// checkpoint 0 written, generation raised on disk, port bound. Run blocks until the budget is reached or `stop`. One
// thread; the observer hears from it.
class LearnerRun {
 public:
  // The error's code tells the exit code (ExitCodeOf).
  static absl::StatusOr<std::unique_ptr<LearnerRun>> Start(const RunOptions& options, RunObserver& observer);

  // Whether the run had reached its budget before it was started: nothing is served, Run returns at once.
  bool already_complete() const { return server_ == nullptr; }
  service::LearnerServer& server() { return *server_; }
  uint32_t update() const { return update_; }                                    // completed
  std::string metrics_url() const { return exporter_ ? exporter_->url() : ""; }  // empty: off

  ExitCode Run(const StopToken& stop);

 private:
  LearnerRun(const RunOptions& options, RunObserver& observer);

  absl::Status CheckProcess() const;
  absl::Status StartMetrics();
  absl::Status OpenDirectory();
  absl::Status RestoreOrBegin();
  absl::Status BeginFresh();
  absl::Status Restore(const checkpoint::Checkpoint& checkpoint);
  absl::Status Serve();

  // Whether to go on.
  enum class Step { kNext, kStopped, kFailed };
  Step OneUpdate(const StopToken& stop);
  absl::Status Record(const service::CollectedBatch& batch, const ppo::UpdateReport& report, double update_seconds);
  absl::Status SaveCheckpoint();  // and counts it
  absl::Status WriteCheckpoint();
  absl::Status FlushEvents();
  void Show(const std::string& state);  // to GetStatus
  void DumpFailedUpdate(const service::CollectedBatch& batch);
  absl::Status WriteSummary(bool complete);
  ExitCode Finish(bool complete);

  RunOptions options_;
  RunObserver& observer_;
  fs::FileSystem& fs_;
  std::unique_ptr<metrics::LearnerMetrics> metrics_;  // both null where metrics are off
  std::unique_ptr<metrics::Exporter> exporter_;
  std::string config_hash_;
  std::unique_ptr<fs::DirectoryLock> lock_;
  std::unique_ptr<RunDirectory> directory_;
  std::unique_ptr<EventLog> events_;  // null where it was not asked for
  std::unique_ptr<checkpoint::CheckpointStore> checkpoints_;
  std::unique_ptr<ppo::Trainer> trainer_;
  std::unique_ptr<service::LearnerServer> server_;
  std::unique_ptr<StuckWatchdog> watchdog_;

  service::Progress shown_;
  std::vector<std::string> measure_names_;
  std::string run_id_;
  uint32_t generation_ = 0;
  uint32_t update_ = 0;        // completed
  uint32_t saved_update_ = 0;  // of the newest checkpoint
  RunTotals totals_;
  bool rows_wait_ = false;     // the disk does not take them
  double serving_since_ = 0;   // SecondsSinceProcessStart
  uint32_t updates_here_ = 0;  // completed by this process
  absl::Status failure_;       // why an update failed for good
};

}  // namespace nmn::run
