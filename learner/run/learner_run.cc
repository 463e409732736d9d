#include "learner/run/learner_run.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/blas/blas.h"
#include "common/build/build.h"
#include "common/digest/sha256.h"
#include "common/env/environment.h"
#include "common/failpoint/failpoint.h"
#include "common/net/address.h"
#include "common/nn/denormals.h"
#include "learner/ppo/schedules.h"
#include "learner/run/failed_update.h"
#include "learner/run/generation.h"
#include "learner/run/process_clock.h"

namespace nmn::run {
namespace {

using failpoint::Hit;
using failpoint::Pass;
using failpoint::Point;

constexpr uint32_t kCheckpointFormat = 1;
constexpr uint64_t kMostWaitingBytes = 64 << 20;  // rows kept for a disk that does not take them

double Now() { return SecondsSinceProcessStart(); }

std::string NewRunId() {
  std::random_device entropy;
  return absl::StrFormat("%08x%08x", entropy(), entropy());
}

// The KL that an update aims at; 0: no control.
double KlTargetOf(const v1::RunConfig& config, uint32_t update) {
  const v1::PpoOptions& ppo = config.ppo();
  return ppo.objective() == v1::KL_PENALTY ? ppo.kl_penalty().kl_target() : ppo::KlTarget(ppo, update);
}

// Moves fields that no result depends on from the asked-for config to the stored one.
v1::RunConfig Continued(const v1::RunConfig& stored, const v1::RunConfig& asked) {
  v1::RunConfig config = stored;
  *config.mutable_budget() = asked.budget();
  *config.mutable_work() = asked.work();
  *config.mutable_checkpoint() = asked.checkpoint();
  return config;
}

}  // namespace

LearnerRun::LearnerRun(const RunOptions& options, RunObserver& observer)
    : options_(options), observer_(observer), fs_(fs::RealFileSystem()) {}

absl::StatusOr<std::unique_ptr<LearnerRun>> LearnerRun::Start(const RunOptions& options, RunObserver& observer) {
  if (absl::Status status = config::Validate(options.config); !status.ok()) return status;
  std::unique_ptr<LearnerRun> run(new LearnerRun(options, observer));
  if (absl::Status status = run->CheckProcess(); !status.ok()) return status;
  for (auto step :
       {&LearnerRun::StartMetrics, &LearnerRun::OpenDirectory, &LearnerRun::RestoreOrBegin, &LearnerRun::Serve}) {
    if (absl::Status status = ((*run).*step)(); !status.ok()) return status;
  }
  return run;
}

absl::Status LearnerRun::CheckProcess() const {
  if (!options_.listen.empty()) {
    const auto address = net::ParseListenAddress(options_.listen, "--listen", options_.insecure);
    if (!address.ok()) return address.status();
  }
  return blas::CheckLoadedBlas();
}

absl::Status LearnerRun::StartMetrics() {
  absl::StatusOr<std::unique_ptr<metrics::Exporter>> exporter =
      metrics::Exporter::Start({.address = options_.metrics, .or_free_port = options_.metrics_on_any_port});
  if (!exporter.ok()) return exporter.status();
  exporter_ = *std::move(exporter);
  if (exporter_ == nullptr) return absl::OkStatus();
  const std::filesystem::path directory = std::filesystem::path(options_.directory + "/").lexically_normal();
  metrics_ = std::make_unique<metrics::LearnerMetrics>(exporter_->registry(), options_.config,
                                                       directory.parent_path().filename().string());
  exporter_->Add(metrics_->fleet);
  return absl::OkStatus();
}

absl::Status LearnerRun::OpenDirectory() {
  if (absl::Status status = fs_.CreateDirectories(options_.directory); !status.ok()) {
    return absl::PermissionDeniedError(absl::StrCat(status.message(), "; choose another --run_dir"));
  }
  absl::StatusOr<std::unique_ptr<fs::DirectoryLock>> lock = fs::DirectoryLock::Acquire(options_.directory);
  if (!lock.ok()) {
    // Another process may end; everything else about a lock is for good.
    return absl::IsFailedPrecondition(lock.status()) ? absl::UnavailableError(lock.status().message()) : lock.status();
  }
  lock_ = *std::move(lock);
  if (absl::Status status = Hit(Point::kStartLocked); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<RunDirectory>> directory = RunDirectory::Open(fs_, options_.directory);
  if (!directory.ok()) return directory.status();
  directory_ = *std::move(directory);
  if (options_.event_log) events_ = std::make_unique<EventLog>(*directory_);
  checkpoints_ =
      std::make_unique<checkpoint::CheckpointStore>(fs_, options_.directory, options_.config.checkpoint().keep());
  return absl::OkStatus();
}

absl::Status LearnerRun::RestoreOrBegin() {
  absl::StatusOr<env::EnvironmentSpec> benchmark = env::FindSpec(options_.config.benchmark());
  if (!benchmark.ok()) return benchmark.status();
  measure_names_ = benchmark->measures;
  if (!options_.resume) {
    absl::StatusOr<bool> any = checkpoints_->Any();
    if (!any.ok()) return any.status();
    if (*any) {
      return absl::AlreadyExistsError(absl::StrCat(
          options_.directory, " already holds a run; add --resume to continue it, or choose another --run_dir"));
    }
    return BeginFresh();
  }
  absl::StatusOr<std::optional<checkpoint::Checkpoint>> found =
      checkpoints_->Restore([this](const std::string& problem) {
        if (metrics_) metrics_->checkpoints.OnCorrupt();
        observer_.OnNotice(problem);
      });
  if (absl::IsDataLoss(found.status())) {
    const std::string reason(found.status().message());
    if (!options_.discard_corrupt)
      return absl::DataLossError(absl::StrCat(reason, "; or add --discard_corrupt, which begins anew"));
    observer_.OnNotice(absl::StrCat(reason, "; beginning anew, as --discard_corrupt says"));
    return BeginFresh();
  }
  if (!found.ok()) return found.status();
  return found->has_value() ? Restore(**found) : BeginFresh();
}

absl::Status LearnerRun::BeginFresh() {
  absl::StatusOr<std::unique_ptr<ppo::Trainer>> trainer = ppo::Trainer::Create(options_.config, options_.trainer);
  if (!trainer.ok()) return trainer.status();
  trainer_ = *std::move(trainer);
  run_id_ = NewRunId();
  config_hash_ = config::Hash(options_.config);
  // A process that died before checkpoint 0 may have left lines behind.
  if (absl::Status status = directory_->CutBack({}); !status.ok()) return status;
  if (absl::Status status = Hit(Point::kStartCutBack); !status.ok()) return status;
  if (absl::Status status = directory_->WriteConfig(options_.config); !status.ok()) return status;
  if (absl::Status status = Hit(Point::kStartConfigWritten); !status.ok()) return status;
  if (absl::Status status = SaveCheckpoint(); !status.ok()) {
    return absl::UnavailableError(absl::StrCat("checkpoint 0 cannot be saved: ", status.message()));
  }
  return absl::OkStatus();
}

absl::Status LearnerRun::Restore(const checkpoint::Checkpoint& checkpoint) {
  const std::vector<std::string> differences = config::Differences(checkpoint.state.config(), options_.config);
  if (!differences.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--resume: the run in ", options_.directory,
                                                   " was started with another ", absl::StrJoin(differences, ", "),
                                                   "; leave it as it was, or start a new run"));
  }
  options_.config = Continued(checkpoint.state.config(), options_.config);
  config_hash_ = config::Hash(options_.config);
  absl::StatusOr<std::unique_ptr<ppo::Trainer>> trainer = ppo::Trainer::Create(options_.config, options_.trainer);
  if (!trainer.ok()) return trainer.status();
  trainer_ = *std::move(trainer);
  if (absl::Status status = trainer_->Restore({checkpoint.weights, checkpoint.optimizer, checkpoint.state.trainer()});
      !status.ok()) {
    return status;
  }
  run_id_ = checkpoint.state.run_id();
  update_ = saved_update_ = checkpoint.state.update();
  const v1::RunProgress& progress = checkpoint.state.progress();
  totals_.Restore(progress);
  if (update_ >= config::BudgetUpdates(options_.config)) {
    observer_.OnNotice(absl::StrCat("the run in ", options_.directory, " is already complete after ", update_,
                                    " updates; ask for more with --updates or --episodes"));
    return absl::OkStatus();
  }
  if (metrics_) {
    metrics_->training.Begin(update_, checkpoint.state.trainer().consecutive_reverts());
    metrics_->checkpoints.OnRestored(update_);
  }
  std::map<std::string, uint64_t> lengths(progress.file_bytes().begin(), progress.file_bytes().end());
  if (absl::Status status = directory_->CutBack(lengths); !status.ok()) return status;
  if (absl::Status status = Hit(Point::kStartCutBack); !status.ok()) return status;
  if (absl::Status status = directory_->WriteConfig(options_.config); !status.ok()) return status;
  if (absl::Status status = Hit(Point::kStartConfigWritten); !status.ok()) return status;
  if (events_) events_->Restored(update_);
  observer_.OnNotice(absl::StrCat("resumed ", options_.directory, " after update ", update_));
  return absl::OkStatus();
}

absl::Status LearnerRun::Serve() {
  if (update_ >= config::BudgetUpdates(options_.config)) return absl::OkStatus();
  absl::StatusOr<uint32_t> generation = RaiseGeneration(fs_, options_.directory);
  if (!generation.ok()) return generation.status();
  generation_ = *generation;
  if (absl::Status status = Hit(Point::kStartGenerationWritten); !status.ok()) return status;
  service::LearnerServer::Options server;
  server.config = options_.config;
  server.config_hash = config_hash_;
  server.run_id = run_id_;
  server.generation = generation_;
  server.listen = options_.listen;
  server.build = build::ThisBuild();
  server.allow_mixed = options_.allow_mixed;
  server.events = events_.get();
  server.metrics = metrics_.get();
  if (events_) events_->Generation(generation_);
  absl::StatusOr<std::unique_ptr<service::LearnerServer>> started = service::LearnerServer::Start(server);
  if (!started.ok()) return started.status();
  server_ = *std::move(started);
  watchdog_ = std::make_unique<StuckWatchdog>(options_.stuck_seconds, [this](bool stuck) {
    server_->SetStuck(stuck);
    if (stuck) {
      spdlog::error(
          "the run is stuck: there is work, and no step of it has ended for {:.0f} s and ten times the longest step so "
          "far; health is NOT_SERVING",
          options_.stuck_seconds);
    } else {
      spdlog::warn("the run was stuck and goes on; health is SERVING");
    }
  });
  server_->Publish(update_ + 1, trainer_->ActorParameters());
  Pass(Point::kStartServing);
  serving_since_ = Now();
  return absl::OkStatus();
}

ExitCode LearnerRun::Run(const StopToken& stop) {
  const nn::ScopedFlushDenormals flush_denormals;
  if (already_complete()) {
    // The process that completed it may have died between its last checkpoint and its summary.
    const absl::Status status = WriteSummary(true);
    if (!status.ok()) observer_.OnNotice(absl::StrCat("the summary cannot be written: ", status.message()));
    return status.ok() ? kExitDone : kExitRetry;
  }
  const uint32_t budget = config::BudgetUpdates(options_.config);
  while (update_ < budget) {
    switch (OneUpdate(stop)) {
      case Step::kNext:
        break;
      case Step::kStopped:
        return Finish(false);
      case Step::kFailed:
        server_->Drain();
        observer_.OnNotice(std::string(failure_.message()));
        if (saved_update_ != update_ && !SaveCheckpoint().ok()) return kExitRetry;
        return ExitCodeOf(failure_);
    }
    const uint32_t every = options_.config.checkpoint().every_updates();
    if (update_ % every == 0 && update_ < budget) {
      if (absl::Status status = SaveCheckpoint(); !status.ok()) {
        observer_.OnNotice(absl::StrCat("checkpoint after update ", update_, " NOT saved: ", status.message(),
                                        "; training goes on, the last good one is of update ", saved_update_));
      }
    }
  }
  return Finish(true);
}

LearnerRun::Step LearnerRun::OneUpdate(const StopToken& stop) {
  const uint32_t update = update_ + 1;
  const double began = Now();
  Show("collecting");
  watchdog_->Wait();
  absl::StatusOr<service::CollectedBatch> batch = server_->Collect(update, stop);
  if (absl::IsCancelled(batch.status())) return Step::kStopped;
  if (!batch.ok()) {
    failure_ = batch.status();
    return Step::kFailed;
  }
  watchdog_->Work();
  const double collected = Now();
  if (events_) events_->UpdateBegun(update);
  Show("updating");
  if (failure_ = Hit(Point::kUpdateBegin); !failure_.ok()) return Step::kFailed;
  const auto play_next = [&] {
    if (update == config::BudgetUpdates(options_.config)) return;
    Pass(Point::kPublish);
    server_->Publish(update + 1, trainer_->ActorParameters());
    server_->Begin(update + 1);
    Pass(Point::kPublished);
    watchdog_->Work();
  };
  absl::StatusOr<ppo::UpdateReport> report = trainer_->Update(update, batch->trajectories, stop.flag(), play_next);
  if (absl::IsCancelled(report.status())) return Step::kStopped;
  if (!report.ok()) {
    failure_ = report.status();
    if (metrics_ && absl::IsDataLoss(failure_)) metrics_->training.OnNonFinite();
    DumpFailedUpdate(*batch);
    return Step::kFailed;
  }
  Pass(Point::kUpdateDone);
  update_ = update;
  if (events_) events_->UpdateDone(update);
  ++updates_here_;
  totals_.AddPhase("collect", collected - began);
  for (const auto& [phase, seconds] : report->phase_seconds) totals_.AddPhase(phase, seconds);
  watchdog_->Work();
  const double trained = Now();
  failure_ = Record(*batch, *report, trained - began);
  const double recorded = Now();
  totals_.AddPhase("record", recorded - trained);
  if (metrics_) {
    metrics_->training.AddPhase("collect", collected - began);
    metrics_->training.AddPhase("update", trained - collected);
    metrics_->training.AddPhase("record", recorded - trained);
  }
  watchdog_->Work();
  return failure_.ok() ? Step::kNext : Step::kFailed;
}

void LearnerRun::Show(const std::string& state) {
  shown_.state = state;
  server_->SetProgress(shown_);
}

absl::Status LearnerRun::Record(const service::CollectedBatch& batch, const ppo::UpdateReport& report,
                                double update_seconds) {
  const uint64_t steps = batch.trajectories.reward.rows * batch.trajectories.reward.columns;
  const auto [metrics, episodes] = totals_.Count(update_, batch, report, measure_names_, update_seconds);
  absl::Status written = directory_->Append(metrics, episodes);
  if (written.ok()) written = FlushEvents();
  if (!written.ok() && directory_->waiting_bytes() > kMostWaitingBytes) return written;
  if (!written.ok() && !rows_wait_) {
    observer_.OnNotice(absl::StrCat("the rows of update ", update_, " are NOT written: ", written.message(),
                                    "; training goes on, they follow once the disk takes them"));
  }
  rows_wait_ = !written.ok();

  const uint32_t budget = config::BudgetUpdates(options_.config);
  const double seconds_left = (Now() - serving_since_) / updates_here_ * (budget - update_);
  shown_.update = update_;
  shown_.budget_updates = budget;
  shown_.return_mean = metrics.return_mean;
  shown_.discounted_return_mean = metrics.discounted_mean;
  shown_.seconds_left = seconds_left;
  if (metrics_) {
    metrics_->training.OnUpdate(metrics, {.episodes = episodes.raw.size(),
                                          .environment_steps = steps,
                                          .seconds = update_seconds,
                                          .kl_target = KlTargetOf(options_.config, update_),
                                          .seconds_left = seconds_left,
                                          .lag_versions = batch.lag_max});
  }
  observer_.OnUpdate(SummaryOf(metrics, budget, seconds_left));
  return absl::OkStatus();
}

absl::Status LearnerRun::FlushEvents() { return events_ ? events_->Flush() : absl::OkStatus(); }

absl::Status LearnerRun::SaveCheckpoint() {
  const double began = Now();
  const absl::Status status = WriteCheckpoint();
  const double seconds = Now() - began;
  if (status.ok()) totals_.AddPhase("checkpoint", seconds);
  if (metrics_) {
    metrics_->training.AddPhase("checkpoint", seconds);
    if (status.ok()) {
      metrics_->checkpoints.OnSaved(update_, seconds);
    } else {
      metrics_->checkpoints.OnFailed();
    }
  }
  return status;
}

absl::Status LearnerRun::WriteCheckpoint() {
  if (absl::Status status = FlushEvents(); !status.ok()) return status;
  absl::StatusOr<std::map<std::string, uint64_t>> lengths = directory_->SyncedLengths();
  if (!lengths.ok()) return lengths.status();
  ppo::TrainerState state = trainer_->Save();
  checkpoint::Checkpoint checkpoint;
  checkpoint.state.set_format(kCheckpointFormat);
  checkpoint.state.set_run_id(run_id_);
  *checkpoint.state.mutable_config() = options_.config;
  checkpoint.state.set_config_hash(config_hash_);
  checkpoint.state.set_update(update_);
  *checkpoint.state.mutable_trainer() = state.scalars;
  *checkpoint.state.mutable_progress() = totals_.Save();
  checkpoint.state.mutable_progress()->mutable_file_bytes()->insert(lengths->begin(), lengths->end());
  checkpoint.weights = std::move(state.weights);
  checkpoint.optimizer = std::move(state.optimizer);
  if (absl::Status status = checkpoints_->Save(checkpoint); !status.ok()) return status;
  saved_update_ = update_;
  if (events_) events_->CheckpointSaved(update_);
  return absl::OkStatus();
}

// Best effort: the run ends with its own error either way.
void LearnerRun::DumpFailedUpdate(const service::CollectedBatch& batch) {
  FailedUpdate failed;
  failed.config = options_.config;
  failed.run_id = run_id_;
  failed.commit = build::Commit();
  failed.update = update_ + 1;
  failed.code = absl::StatusCodeToString(failure_.code());
  failed.reason = std::string(failure_.message());
  failed.before = trainer_->Save();  // a failed update leaves no trace
  failed.batch = CopyBatch(batch.trajectories);
  const std::string path = absl::StrCat(options_.directory, "/failed-update-", failed.update, ".safetensors");
  const absl::Status status = fs::WriteAtomically(fs_, path, EncodeFailedUpdate(failed));
  observer_.OnNotice(status.ok()
                         ? absl::StrCat("the failed update is in ", path, "; nmn replay ", path, " runs it again")
                         : absl::StrCat("the failed update could not be kept: ", status.message()));
}

absl::Status LearnerRun::WriteSummary(bool complete) {
  const ppo::TrainerState state = trainer_->Save();
  if (absl::Status status = directory_->WritePolicy(state.weights, options_.config, run_id_, update_); !status.ok())
    return status;
  Summary summary;
  summary.run_id = run_id_;
  summary.build = build::ThisBuild();
  summary.config = options_.config;
  summary.updates = update_;
  summary.episodes = totals_.episodes();
  summary.environment_steps = totals_.environment_steps();
  summary.final_return_mean = totals_.RecentReturnMean();
  summary.final_discounted_mean = totals_.RecentDiscountedMean();
  summary.wall_seconds = totals_.WallSeconds();
  summary.phase_seconds = totals_.phase_seconds();
  summary.weights_sha256 = WeightsSha256(state.weights);
  summary.complete = complete;
  return directory_->WriteSummary(summary);
}

ExitCode LearnerRun::Finish(bool complete) {
  Pass(Point::kFinish);
  absl::Status status = saved_update_ == update_ ? absl::OkStatus() : SaveCheckpoint();
  if (absl::Status written = WriteSummary(complete); status.ok()) status = written;
  if (absl::Status written = FlushEvents(); status.ok()) status = written;
  if (complete) {
    Show("complete");
    server_->Complete();
  } else {
    Show("draining");
    server_->Drain();
  }
  if (!status.ok()) {
    observer_.OnNotice(absl::StrCat("the end of the run could not be saved: ", status.message(),
                                    "; the last checkpoint is of update ", saved_update_,
                                    "; free some space and continue with --resume"));
    return kExitRetry;
  }
  return complete ? kExitDone : kExitInterrupted;
}

}  // namespace nmn::run
