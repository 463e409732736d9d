#include "cli/sweep/local.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <filesystem>
#include <map>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/command/child.h"
#include "cli/command/command.h"
#include "cli/sweep/metrics_targets.h"
#include "cli/sweep/run_state.h"
#include "common/fs/file_system.h"
#include "common/fs/own_file.h"
#include "common/text/counted.h"

extern char** environ;

namespace nmn::sweep {
namespace {

// How many times in one call a run is started that does not end for good: a port in use or a full disk may pass, a
// crash that repeats does not.
constexpr int kMostAttempts = 3;
// Between two looks at the runs' files.
constexpr int kTickMilliseconds = 1000;

// This process's environment without its own flags (NMN_SEED, NMN_JOBS, ..): the runs are told everything by flag.
std::vector<std::string> EnvironmentOfRuns() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with("NMN_") || text.starts_with("NMN_FAILPOINT")) environment.emplace_back(text);
  }
  environment.emplace_back("NMN_METRICS=127.0.0.1:0");  // many runs on one machine: each takes a free port
  return environment;
}

class LocalEngine {
 public:
  LocalEngine(const SweepDirectory& sweep, const fs::DirectoryLock& lock, const LocalOptions& options,
              std::string program, SweepProgress& progress)
      : sweep_(sweep),
        lock_(lock),
        options_(options),
        program_(std::move(program)),
        progress_(progress),
        states_(sweep) {
    const std::vector<RunState> states = states_.Look();
    for (size_t index = 0; index < states.size(); ++index) {
      if (sweep.runs[index].chosen && states[index].state != State::kDone) pending_.push_back(&sweep.runs[index]);
    }
  }

  absl::StatusOr<ExitCode> Work(const std::stop_token& stop);

 private:
  struct Active {
    const SweepRun* run;
    std::unique_ptr<command::Child> child;
    uint64_t log_begin;   // of this attempt, in the run's log
    std::string metrics;  // where it serves them, once it has said so
  };

  absl::Status StartNext();
  // Of a run that did not start: where others go on it waits until one of them ends.
  absl::Status PutOff(const SweepRun& run, const absl::Status& reason);
  void Settle(const Active& active, bool stopping);
  // Blocks until a run ends, a stop is asked for, or it is time for another look.
  void Wait(int stop_descriptor, bool stopping) const;
  void Look();
  // Where Prometheus finds the runs that go on. No run stops because it cannot be written.
  void SayTargets();

  const SweepDirectory& sweep_;
  const fs::DirectoryLock& lock_;
  const LocalOptions& options_;
  const std::string program_;
  SweepProgress& progress_;
  StateReader states_;
  std::deque<const SweepRun*> pending_;
  std::vector<Active> active_;
  std::map<const SweepRun*, int> attempts_;
  std::map<std::string, std::string> targets_;
  bool targets_failed_ = false;
  bool put_off_ = false;      // the first that is pending, until a run ends
  bool failed_ = false;       // a run, for good
  bool gave_up_ = false;      // a run, for now
  bool interrupted_ = false;  // a run, by a signal
};

absl::Status LocalEngine::StartNext() {
  const SweepRun& run = *pending_.front();
  pending_.pop_front();
  ++attempts_[&run];
  std::error_code error;
  std::filesystem::remove(sweep_.ExitPath(run), error);
  const uint64_t log_bytes = std::filesystem::file_size(sweep_.LogPath(run), error);
  const uint64_t log_begin = error ? 0 : log_bytes;
  std::vector<std::string> command = {program_,
                                      "train",
                                      "--resume",
                                      absl::StrCat("--config=", sweep_.ConfigPath(run)),
                                      absl::StrCat("--run_dir=", sweep_.RunPath(run)),
                                      absl::StrCat("--actors=", options_.threads),
                                      absl::StrCat("--threads=", options_.threads),
                                      absl::StrCat("--device=", options_.device),
                                      "--no_figure"};
  command.insert(command.end(), options_.task.begin(), options_.task.end());
  if (sweep_.grid.init_from) command.push_back(absl::StrCat("--init_from=", sweep_.InitialWeightsPath()));
  absl::StatusOr<std::unique_ptr<command::Child>> child =
      command::Child::Start(command, EnvironmentOfRuns(), sweep_.LogPath(run));
  if (!child.ok()) return PutOff(run, child.status());
  active_.push_back({&run, *std::move(child), log_begin, ""});
  return absl::OkStatus();
}

absl::Status LocalEngine::PutOff(const SweepRun& run, const absl::Status& reason) {
  if (!absl::IsResourceExhausted(reason)) return reason;
  if (active_.empty())
    return absl::ResourceExhaustedError(absl::StrCat(reason.message(), "; mend that, and the same command goes on"));
  progress_.Note(absl::StrCat(run.name, " waits until another run has ended: ", reason.message()));
  --attempts_[&run];
  pending_.push_front(&run);
  put_off_ = true;
  return absl::OkStatus();
}

// What a run said last. Where its log could take nothing, that is the news.
std::string LastWords(const std::string& log_file, uint64_t begin) {
  const absl::StatusOr<std::string> log = fs::RealFileSystem().Read(log_file);
  if (!log.ok()) return std::string(log.status().message());
  if (begin < log->size()) return command::LastLine(log->substr(begin));
  std::error_code error;
  const std::filesystem::space_info disk = std::filesystem::space(log_file, error);
  return absl::StrCat(command::LastLine(""),
                      !error && disk.available == 0 ? ", and the disk of its log is full: free some space" : "");
}

void LocalEngine::Settle(const Active& active, bool stopping) {
  const SweepRun& run = *active.run;
  const int code = active.child->Ended();
  // A directory that was moved is told of once, when it is found.
  const absl::Status written =
      fs::WriteAtomically(fs::RealFileSystem(), sweep_.ExitPath(run), absl::StrCat(code, "\n"));
  if (!written.ok() && lock_.Check().ok()) {
    progress_.Note(absl::StrCat(run.name, " ended with code ", code,
                                ", and nmn sweep status will not know it: ", written.message()));
  }
  const auto is_done = [&] {
    return states_.Look()[static_cast<size_t>(&run - sweep_.runs.data())].state == State::kDone;
  };
  if (code == kExitDone && is_done()) return;
  const std::string words = code == kExitDone       ? "and is not complete: something in it ended its process"
                            : code == 128 + SIGKILL ? "killed: by somebody, or for want of memory or CPU time"
                                                    : LastWords(sweep_.LogPath(run), active.log_begin);
  if (code == kExitPermanent) {
    failed_ = true;
    progress_.Note(absl::StrCat(run.name, " failed (exit code 42): ", words));
  } else if (code == kExitInterrupted || stopping) {
    interrupted_ = true;
    if (!stopping)
      progress_.Note(absl::StrCat(run.name,
                                  " was stopped by a signal that is none of the sweep's, of somebody or of a limit of "
                                  "CPU time (ulimit -t); it can go on"));
  } else if (attempts_[&run] < kMostAttempts) {
    progress_.Note(absl::StrCat(run.name, " ended with code ", code, " (", words, "); it starts again"));
    pending_.push_back(&run);
  } else {
    gave_up_ = true;
    progress_.Note(absl::StrCat(run.name, " ended with code ", code, " ", kMostAttempts, " times: ", words));
  }
}

void LocalEngine::Wait(int stop_descriptor, bool stopping) const {
  std::vector<pollfd> events;
  for (const Active& active : active_) events.push_back({active.child->descriptor(), POLLIN, 0});
  if (!stopping) events.push_back({stop_descriptor, POLLIN, 0});
  poll(events.data(), events.size(), kTickMilliseconds);
}

void LocalEngine::SayTargets() {
  const absl::Status status = WriteTargets(sweep_.path + "/targets.json", targets_);
  if (status.ok() || std::exchange(targets_failed_, true)) return;
  progress_.Note(absl::StrCat("Prometheus cannot find the runs of this sweep: ", std::string(status.message())));
}

void LocalEngine::Look() {
  std::map<std::string, std::string> targets;
  for (Active& active : active_) {
    if (active.metrics.empty()) active.metrics = MetricsAddress(sweep_.LogPath(*active.run), active.log_begin);
    if (!active.metrics.empty()) targets[active.run->name] = active.metrics;
  }
  // One that was just started may not have its lock yet.
  std::map<size_t, State> started;
  for (const Active& active : active_) started[static_cast<size_t>(active.run - sweep_.runs.data())] = State::kRunning;
  progress_.Show(Sum(states_.Look(started), options_.jobs));
  if (targets == targets_) return;
  targets_ = targets;
  SayTargets();
}

absl::StatusOr<ExitCode> LocalEngine::Work(const std::stop_token& stop) {
  const int stop_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::stop_callback wake(stop, [stop_descriptor] { eventfd_write(stop_descriptor, 1); });
  for (const SweepRun& run : sweep_.runs) {
    if (absl::Status own = run.chosen ? fs::MakeOwnFile(sweep_.LogPath(run)) : absl::OkStatus(); !own.ok()) return own;
  }
  // Something else under the name is for good, a full disk is not.
  absl::Status status = fs::MakeOwnFile(sweep_.path + "/targets.json");
  if (status.ok()) status = WriteTargets(sweep_.path + "/targets.json", {});
  if (!status.ok() && !absl::IsFailedPrecondition(status)) {
    SayTargets();
    status = absl::OkStatus();
  }
  bool told = false;
  while (true) {
    const bool stopping = stop.stop_requested() || !status.ok();
    if (stopping && !told) {
      told = true;
      for (Active& active : active_) active.child->Signal(SIGTERM);
      if (!active_.empty())
        progress_.Note(
            absl::StrCat("stopping ", text::Counted(active_.size(), "run"), "; each saves a checkpoint first"));
    }
    while (!stopping && status.ok() && !put_off_ && active_.size() < options_.jobs && !pending_.empty())
      status = StartNext();
    if (active_.empty() && (stopping || pending_.empty())) break;
    Wait(stop_descriptor, stopping);
    const absl::Status ours = lock_.Check();
    status.Update(ours);
    std::erase_if(active_, [&](const Active& active) {
      if (active.child->Ended() < 0) return false;
      put_off_ = false;
      if (ours.ok()) Settle(active, stopping);
      return true;
    });
    if (ours.ok()) Look();
  }
  close(stop_descriptor);
  if (!status.ok()) return status;
  if (interrupted_ || !pending_.empty()) return kExitInterrupted;
  if (failed_) return kExitPermanent;
  return gave_up_ ? kExitRetry : kExitDone;
}

}  // namespace

LocalOptions LocalOptionsOf(const Engine& engine) {
  const size_t cores = std::max(1u, std::thread::hardware_concurrency());
  const size_t jobs = engine.jobs.value_or(0), threads = engine.threads.value_or(0);
  LocalOptions options;
  options.jobs = jobs != 0 ? jobs : cores;
  options.threads = threads != 0 ? threads : std::max<size_t>(1, cores / options.jobs);
  options.device = engine.device.value_or(options.device);
  return options;
}

absl::StatusOr<ExitCode> RunLocally(const SweepDirectory& sweep, const fs::DirectoryLock& lock,
                                    const LocalOptions& options, const std::stop_token& stop, SweepProgress& progress) {
  absl::StatusOr<std::string> program = command::Sibling("nmn");
  if (!program.ok()) return program.status();
  return LocalEngine(sweep, lock, options, *std::move(program), progress).Work(stop);
}

}  // namespace nmn::sweep
