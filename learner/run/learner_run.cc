#include "learner/run/learner_run.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/blas/blas.h"
#include "common/build/build.h"
#include "common/failpoint/failpoint.h"
#include "common/fs/endless.h"
#include "common/fs/errors.h"
#include "common/fs/name.h"
#include "common/nn/denormals.h"
#include "common/nn/plain_forward.h"
#include "common/text/counted.h"
#include "learner/run/evaluating.h"
#include "learner/run/find_state.h"
#include "learner/run/generation.h"
#include "learner/run/process_clock.h"
#include "learner/run/saving.h"

namespace nmn::run {
namespace {

using failpoint::Hit;
using failpoint::Pass;
using failpoint::Point;

// A BLAS that computes wrong products is refused where training would use it, which our own loops do not.
absl::Status CheckBlas(const RunOptions& options, RunObserver& observer) {
  const absl::Status status = blas::CheckLoadedBlas();
  const bool is_used = options.trainer.engine == ppo::Engine::kLibTorch || nn::NeedsPlainCode(options.config.network());
  if (status.ok() || is_used) return status;
  observer.OnNotice(absl::StrCat(status.message(), "; this run does not use it"));
  return absl::OkStatus();
}

// What the directory was trained with last, which may have a larger budget than this call.
v1::RunConfig OwnConfig(const std::string& directory, const RunState& state) {
  const std::string file = directory + "/config.textproto";
  if (!fs::RefuseEndless(file, "").ok()) return state.config;
  const absl::StatusOr<v1::RunConfig> own = config::Load(file);
  return own.ok() ? *own : state.config;
}

std::string AlreadyComplete(const std::string& directory, const RunState& state) {
  if (state.reached_return()) {
    return absl::StrCat("the run in ", directory, " is already complete after ", text::Counted(state.update, "update"),
                        ": it reached budget.stop_at_return; --set budget.stop_at_return= goes on");
  }
  if (state.update == state.budget()) {
    return absl::StrCat("the run in ", directory, " is already complete after ", text::Counted(state.update, "update"),
                        "; ask for more with --updates or --episodes");
  }
  const uint32_t budget = config::BudgetUpdates(OwnConfig(directory, state));
  return absl::StrCat("the run in ", directory, " has ", text::Counted(state.update, "update"),
                      " already, more than the ", state.budget(), " asked for; ",
                      budget > state.update
                          ? absl::StrCat("its own budget is ", budget, ": leave --updates out to go on")
                          : "ask for more with --updates or --episodes");
}

// A start that the disk has no room for says what to do.
absl::Status WithRemedy(const absl::Status& status) {
  if (!absl::IsResourceExhausted(status)) return status;
  return absl::ResourceExhaustedError(
      absl::StrCat(status.message(), "; ", fs::RoomAdvice(status), ", then give the same command again"));
}

}  // namespace

LearnerRun::LearnerRun(RunOptions options, RunObserver& observer, std::shared_ptr<tls::Tls> tls,
                       std::unique_ptr<metrics::Exporter> exporter, std::unique_ptr<metrics::LearnerMetrics> metrics,
                       RunStorage storage, RunState state)
    : options_(std::move(options)),
      observer_(observer),
      tls_(std::move(tls)),
      exporter_(std::move(exporter)),
      metrics_(std::move(metrics)),
      storage_(std::move(storage)),
      state_(std::move(state)),
      recorder_(state_.config, storage_, *metrics_, observer_) {}

absl::StatusOr<std::unique_ptr<LearnerRun>> LearnerRun::Start(const RunOptions& options, RunObserver& observer) {
  if (absl::Status status = CheckedConfig(options).status(); !status.ok()) return status;
  if (absl::Status status = CheckBlas(options, observer); !status.ok()) return status;
  absl::StatusOr<std::shared_ptr<tls::Tls>> tls = tls::OpenIfGiven(options.tls, tls::Role::kLearner);
  if (!tls.ok()) return tls.status();
  const absl::StatusOr<metrics::PortProtection> protection =
      metrics::ResolveProtection(options.metrics, options.metrics_tls, options.tls.protection());
  if (!protection.ok()) return protection.status();
  absl::StatusOr<std::unique_ptr<metrics::Exporter>> exporter =
      metrics::Exporter::Start({.address = options.metrics,
                                .or_free_port = options.metrics_on_any_port,
                                .health = [] { return absl::UnavailableError("the learner is starting"); },
                                .protection = *protection,
                                .tls = *tls});
  if (!exporter.ok()) return exporter.status();
  auto metrics = std::make_unique<metrics::LearnerMetrics>(**exporter, options.config, fs::NameOf(options.directory));
  metrics->tls.SetSource(*tls);
  absl::StatusOr<RunStorage> storage = OpenStorage(options);
  if (!storage.ok()) return storage.status();
  absl::StatusOr<RunState> state = FindState(options, *storage, *metrics, observer);
  if (!state.ok()) return state.status();

  std::unique_ptr<LearnerRun> run(new LearnerRun(options, observer, *std::move(tls), *std::move(exporter),
                                                 std::move(metrics), *std::move(storage), *std::move(state)));
  if (run->state_.complete()) {
    if (!options.accept_loss) {
      if (absl::Status status = run->storage_.files->CheckRows(run->state_.file_bytes); !status.ok()) return status;
    }
    if (run->state_.update <= run->state_.budget()) {  // else the run is only looked at
      if (absl::Status status = run->CutFiles(); !status.ok()) return status;
    }
    observer.OnNotice(AlreadyComplete(options.directory, run->state_));
    return run;
  }
  for (auto step : {&LearnerRun::CutFiles, &LearnerRun::BeginGeneration, &LearnerRun::Listen, &LearnerRun::SaveFirst,
                    &LearnerRun::Serve}) {
    if (absl::Status status = ((*run).*step)(); !status.ok()) return status;
  }
  return run;
}

// The files of the run as they were at its newest checkpoint; an earlier process may have left lines behind it.
absl::Status LearnerRun::CutFiles() {
  if (options_.accept_loss) {
    const absl::StatusOr<std::string> loss = storage_.files->AcceptLoss(state_.file_bytes);
    if (!loss.ok()) return loss.status();
    if (!loss->empty()) observer_.OnNotice(*loss);
  }
  // An end that lies behind where the run goes on is of a history that a lost checkpoint has ended.
  const absl::StatusOr<policy::NetworkPolicy> outcome =
      policy::LoadNetworkPolicy(storage_.fs, storage_.files->policy_path());
  if (!state_.saved_update || (outcome.ok() && outcome->update > state_.update)) {
    if (absl::Status status = storage_.files->RemoveOutcome(); !status.ok()) return status;
  }
  if (absl::Status status = storage_.files->CutBack(state_.file_bytes); !status.ok()) return status;
  if (absl::Status status = storage_.files->WriteBestPolicy(state_.evaluations.best_policy); !status.ok())
    return status;
  if (absl::Status status = Hit(Point::kStartCutBack); !status.ok()) return status;
  if (absl::Status status = storage_.files->WriteConfig(state_.config); !status.ok()) return WithRemedy(status);
  return Hit(Point::kStartConfigWritten);
}

absl::Status LearnerRun::BeginGeneration() {
  const absl::StatusOr<Generation> generation =
      RaiseGeneration(storage_.fs, storage_.directory, /*resumed=*/state_.saved_update.has_value());
  if (!generation.ok()) return WithRemedy(generation.status());
  generation_ = generation->count;
  if (generation->was_lost) {
    observer_.OnNotice(
        absl::StrCat(storage_.directory, "/generation is missing, which counts the starts of this run; it goes on as ",
                     generation_, ", above every earlier one, so that no message of an earlier start counts"));
  }
  return Hit(Point::kStartGenerationWritten);
}

// Nobody is served before the first weights.
absl::Status LearnerRun::Listen() {
  const StuckRule stuck =
      options_.stuck_after ? StuckRule(*options_.stuck_after, 0) : StuckRule(StuckWatchdog::kLeastSeconds);
  v1::RunConfig config = state_.config;
  config.clear_eval();  // no actor's business: an older one could not leave it out of the hash
  absl::StatusOr<std::unique_ptr<Serving>> serving = Serving::Start({.config = config,
                                                                     .config_hash = state_.config_hash,
                                                                     .run_id = state_.run_id,
                                                                     .generation = generation_,
                                                                     .listen = options_.listen,
                                                                     .build = build::ThisBuild(),
                                                                     .allow_mixed = options_.allow_mixed,
                                                                     .events = storage_.events.get(),
                                                                     .metrics = metrics_.get(),
                                                                     .tls = tls_,
                                                                     .limits = options_.limits},
                                                                    state_.update, stuck, *exporter_);
  if (!serving.ok()) return serving.status();
  serving_ = *std::move(serving);
  return absl::OkStatus();
}

// A new run gets checkpoint 0, the last thing that can fail: a start that did leaves a directory in which the same
// command works later.
absl::Status LearnerRun::SaveFirst() {
  if (state_.saved_update) {
    metrics_->training.Begin(state_.update, state_.consecutive_reverts);
    metrics_->checkpoints.OnRestored(state_.update);
    ShowHistory();
    storage_.events->Restored(state_.update);
    observer_.OnNotice(absl::StrCat("resumed ", storage_.directory, " after update ", state_.update));
    return absl::OkStatus();
  }
  const absl::Status status = Save();
  if (status.ok()) return status;
  storage_.checkpoints->Forget(state_.update).IgnoreError();  // the failure is what counts
  return WithRemedy(absl::Status(absl::IsResourceExhausted(status) ? status.code() : absl::StatusCode::kUnavailable,
                                 absl::StrCat("checkpoint 0 cannot be saved: ", status.message())));
}

// What the live page shows of earlier processes.
void LearnerRun::ShowHistory() {
  if (metrics_url().empty()) return;
  absl::StatusOr<metrics::UpdateHistory> history = storage_.files->History();
  if (history.ok()) {
    metrics_->live.Restore(*std::move(history));
  } else {
    observer_.OnNotice(absl::StrCat("the live page begins after update ", state_.update, ": ",
                                    std::string(history.status().message())));
  }
}

absl::Status LearnerRun::Serve() {
  storage_.events->Generation(generation_);
  serving_->Publish(state_.update + 1, *state_.trainer);
  Pass(Point::kStartServing);
  return absl::OkStatus();
}

ExitCode LearnerRun::Run(const std::stop_token& stop) {
  const nn::ScopedFlushDenormals flush_denormals;
  if (already_complete()) return FinishAgain();
  while (!state_.complete()) {
    const absl::Status status = OneUpdate(stop);
    if (absl::IsCancelled(status)) return Finish();
    if (!status.ok()) return FinishFailed(status);
    SaveWhereDue();
  }
  return Finish();
}

absl::Status LearnerRun::OneUpdate(const std::stop_token& stop) {
  const uint32_t update = state_.update + 1;
  UpdateTimes times{.began = SecondsSinceProcessStart()};
  const absl::StatusOr<service::CollectedBatch> batch = serving_->Collect(update, stop);
  if (!batch.ok()) return batch.status();
  times.collected = SecondsSinceProcessStart();
  storage_.events->UpdateBegun(update);
  if (absl::Status status = Hit(Point::kUpdateBegin); !status.ok()) return status;
  const absl::StatusOr<ppo::UpdateReport> report =
      state_.trainer->Update(update, batch->trajectories, stop, [&] { PlayNext(update); });
  if (!report.ok()) {
    // A stop, or too little memory, says nothing about the update.
    const bool of_the_update = !absl::IsCancelled(report.status()) && !absl::IsResourceExhausted(report.status());
    if (of_the_update && CheckDirectory().ok()) KeepFailed(*batch, report.status());
    return report.status();
  }
  Pass(Point::kUpdateDone);
  state_.update = update;
  if (absl::Status status = CheckDirectory(); !status.ok()) return status;
  storage_.events->UpdateDone(update);
  serving_->StepDone();
  times.trained = times.evaluated = SecondsSinceProcessStart();
  if (EvaluationIsDue(state_)) {
    Evaluate();
    times.evaluated = SecondsSinceProcessStart();
  }
  const absl::StatusOr<UpdateSummary> summary = recorder_.Record(state_, *batch, *report, times);
  if (summary.ok()) serving_->Note(*summary);
  serving_->StepDone();
  return summary.status();
}

// Whatever is written goes by the directory's name.
absl::Status LearnerRun::CheckDirectory() const {
  const absl::Status status = storage_.lock->Check();
  if (status.ok()) return status;
  return absl::FailedPreconditionError(absl::StrCat(
      status.message(), "; the run stops and writes nothing more. Its last checkpoint, of update ",
      state_.saved_update.value_or(0), ", is where its directory is: --resume with that --run_dir goes on"));
}

// The policy after `update` is there: actors play with it while the critic still learns.
void LearnerRun::PlayNext(uint32_t update) {
  if (update == state_.budget()) return;
  Pass(Point::kPublish);
  serving_->Publish(update + 1, *state_.trainer);
  serving_->server().Begin(update + 1);
  Pass(Point::kPublished);
  serving_->StepDone();
}

void LearnerRun::Evaluate() {
  const absl::Status status = EvaluatePolicy(state_, storage_, [this] { serving_->StepDone(); });
  if (status.ok()) return;
  observer_.OnNotice(absl::StrCat("the evaluation after update ", state_.update,
                                  " failed: ", std::string(status.message()), "; training goes on"));
}

void LearnerRun::KeepFailed(const service::CollectedBatch& batch, const absl::Status& failure) {
  if (absl::IsDataLoss(failure)) metrics_->training.OnNonFinite();
  observer_.OnNotice(KeepFailedUpdate(state_, storage_, batch, failure));
}

absl::Status LearnerRun::Save() {
  absl::Status status = SaveCheckpoint(state_, storage_, *metrics_);
  const absl::Status& removed = storage_.checkpoints->removed();
  if (status.ok() && !removed.ok() && removed != said_of_older_)
    observer_.OnNotice(absl::StrCat("an older checkpoint cannot be removed, and stays: ", removed.message()));
  said_of_older_ = removed;
  return status;
}

void LearnerRun::SaveWhereDue() {
  if (state_.update % state_.config.checkpoint().every_updates() != 0 || state_.complete()) return;
  if (absl::Status status = Save(); !status.ok()) {
    observer_.OnNotice(absl::StrCat("checkpoint after update ", state_.update, " NOT saved: ", status.message(),
                                    "; training goes on, the last good one is of update ", *state_.saved_update));
  }
}

ExitCode LearnerRun::Finish() {
  Pass(Point::kFinish);
  if (absl::Status status = CheckDirectory(); !status.ok()) return FinishFailed(status);
  const bool complete = state_.complete();
  absl::Status status = state_.saved_update == state_.update ? absl::OkStatus() : Save();
  status.Update(SaveOutcome(state_, storage_, failed_ ? CutBy::kFailure : CutBy::kSignal));
  status.Update(storage_.events->Flush());
  if (complete) {
    serving_->Complete();
  } else {
    serving_->Drain();
  }
  if (!status.ok()) {
    observer_.OnNotice(absl::StrCat("the end of the run could not be saved: ", status.message(),
                                    "; the last checkpoint is of update ", *state_.saved_update, "; ",
                                    absl::IsResourceExhausted(status) ? fs::RoomAdvice(status) : "mend that",
                                    " and continue with --resume"));
    return absl::IsFailedPrecondition(status) ? kExitPermanent : kExitRetry;
  }
  return complete ? kExitDone : kExitInterrupted;
}

ExitCode LearnerRun::FinishFailed(const absl::Status& failure) {
  serving_->Drain();
  observer_.OnNotice(std::string(failure.message()));
  // A checkpoint takes memory too.
  if (absl::IsResourceExhausted(failure)) return kExitRetry;
  if (!CheckDirectory().ok()) return ExitCodeOf(failure);
  if (state_.saved_update != state_.update && !Save().ok()) return kExitRetry;
  SaveOutcome(state_, storage_, CutBy::kFailure).IgnoreError();  // the failure is what counts
  return ExitCodeOf(failure);
}

// The process that completed the run may have died between its last checkpoint and its summary. A call that asks for
// less than there is leaves it as complete as its own budget says.
ExitCode LearnerRun::FinishAgain() {
  state_.totals.LeaveOutThisProcess();
  if (state_.update > state_.budget()) *state_.config.mutable_budget() = OwnConfig(storage_.directory, state_).budget();
  const absl::Status status = SaveOutcome(state_, storage_, CutBy::kSignal);
  if (!status.ok()) observer_.OnNotice(absl::StrCat("the summary cannot be written: ", status.message()));
  return status.ok() ? kExitDone : kExitRetry;
}

}  // namespace nmn::run
