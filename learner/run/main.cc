// nmn-learner: owns one training run. Leases work to actors over gRPC, trains on what they send, publishes weights,
// writes checkpoints.

#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/build/build.h"
#include "common/failpoint/failpoint.h"
#include "common/flags/flags.h"
#include "common/log/log.h"
#include "common/metrics/exporter.h"
#include "common/net/address.h"
#include "common/net/channel.h"
#include "common/net/file_limit.h"
#include "common/net/health.h"
#include "common/process/program.h"
#include "common/sync/signal_watcher.h"
#include "learner/run/learner_run.h"

namespace {

using nmn::ExitCode;

constexpr std::chrono::seconds kHealthTimeout(5);

// Writes what happens as log lines.
class LogObserver : public nmn::run::RunObserver {
 public:
  void OnUpdate(const nmn::run::UpdateSummary& s) override {
    spdlog::info(
        "update {}/{} episodes {} return {:.1f} discounted {:.1f} last1000 {:.1f} kl {:.5f}{} sd {:.3f} steps/s {:.0f} "
        "left {:.0f} s",
        s.update, s.budget_updates, s.episodes, s.return_mean, s.discounted_mean, s.discounted_recent, s.kl,
        s.reverted ? " (reverted)" : "", s.mean_deviation, s.steps_per_second, s.seconds_left);
  }
  void OnNotice(const std::string& sentence) override { spdlog::warn("{}", sentence); }
};

int Fail(const absl::Status& status) {
  nmn::log::Say(absl::StrCat("nmn-learner: ", status.message(), "\n"));
  return nmn::ExitCodeOf(status);
}

// Whether the learner on this machine that listens there says SERVING.
int AskHealth(const std::string& listen) {
  const absl::StatusOr<nmn::net::Address> address = nmn::net::ParseServerAddress(listen, "--listen");
  if (!address.ok()) return Fail(address.status());
  const absl::Status status =
      nmn::net::CheckHealth(nmn::net::CreateChannel(nmn::net::Reachable(*address)), kHealthTimeout);
  if (!status.ok()) return Fail(status);
  std::cout << "SERVING\n";
  return nmn::kExitDone;
}

int RunLearner(int argc, char** argv) {
  if (absl::Status status = nmn::failpoint::ArmFromEnvironment(); !status.ok()) return Fail(status);
  CLI::App app("Owns one training run: leases work to actors, trains, publishes weights, writes checkpoints.",
               "nmn-learner");
  app.set_version_flag("--version",
                       absl::StrCat("nmn-learner ", nmn::build::Version(), " (", nmn::build::Commit(), ")"));
  app.footer(
      "Example:  nmn train --benchmark=b1 --preset=fast --seed=1 --print_config > b1.textproto\n"
      "          nmn-learner --config=b1.textproto --listen=127.0.0.1:50051 --run_dir=runs/b1 &\n"
      "          nmn-actor --learner=127.0.0.1:50051\n"
      "Exit codes: 0 budget reached, 75 stopped by a signal (continue with --resume), 1 may work later, 42 will not "
      "work as called.");
  std::string config_path;
  std::string log_level = "info";
  bool print_config = false;
  bool health = false;
  nmn::run::RunOptions options;
  options.metrics = nmn::metrics::kLearnerAddress;
  options.listen = "127.0.0.1:50051";
  options.trainer.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  app.add_option("--config", config_path, "RunConfig as textproto");
  app.add_option("--run_dir", options.directory, "directory of the run; created where absent");
  app.add_flag("--resume", options.resume,
               "continue the run in --run_dir; begins anew where no checkpoint was ever completed");
  app.add_option("--listen", options.listen, "address to serve actors on; port 0 takes a free one")
      ->capture_default_str();
  app.add_flag("--insecure", options.insecure,
               "allow --listen on an address that other machines reach, without encryption");
  app.add_flag("--allow_mixed", options.allow_mixed,
               "accept actors of another build or rounding class; gives up bit-reproducibility");
  app.add_option("--device", options.trainer.device, "cpu, cuda or cuda:INDEX")->capture_default_str();
  app.add_option("--threads", options.trainer.threads, "threads of the updates; reaches no result")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  app.add_option("--metrics", options.metrics, nmn::metrics::kFlagHelp)->capture_default_str();
  app.add_flag("--health", health,
               "ask the learner whose --listen this is whether it serves, and exit: 0 it does, 1 it does not");
  app.add_option("--log_level", log_level, "debug, info, warn or error")->capture_default_str();
  app.add_flag("--discard_corrupt", options.discard_corrupt,
               "with --resume: begin anew where checkpoints exist and none is valid");
  app.add_flag("--event_log", options.event_log,
               "write events.jsonl: what becomes of every unit (docs/reliability.md)");
  app.add_flag("--print_config", print_config, "print the config as it is understood, and exit");
  if (const std::optional<int> code = nmn::flags::Parse(app, argc, argv)) return *code;
  if (health) return AskHealth(options.listen);
  if (config_path.empty()) return Fail(absl::InvalidArgumentError("--config is required; see nmn-learner --help"));
  if (absl::Status status = nmn::log::SetUp("nmn-learner", log_level); !status.ok()) return Fail(status);

  if (absl::Status status = nmn::net::RaiseFileLimit(); !status.ok()) spdlog::warn("{}", std::string(status.message()));

  absl::StatusOr<nmn::v1::RunConfig> config = nmn::config::Load(config_path);
  if (!config.ok()) return Fail(config.status());
  options.config = *std::move(config);
  if (print_config) {
    std::cout << nmn::config::Print(options.config);
    return nmn::kExitDone;
  }
  nmn::process::OutliveReaders();
  if (absl::Status status = nmn::process::CheckThreads(options.trainer.threads); !status.ok()) return Fail(status);
  if (options.directory.empty()) options.directory = nmn::run::DefaultRunDirectory(options.config);

  nmn::StopSource stop;
  nmn::SignalWatcher signals(
      [&stop](int) { stop.RequestStop(); },
      "nmn-learner: ended at once; what came after the last checkpoint is lost, continue with --resume");
  LogObserver observer;
  absl::StatusOr<std::unique_ptr<nmn::run::LearnerRun>> run = nmn::run::LearnerRun::Start(options, observer);
  if (!run.ok()) return Fail(run.status());
  if (!(*run)->metrics_url().empty()) spdlog::info("metrics on {}", (*run)->metrics_url());
  if (!(*run)->already_complete())
    spdlog::info("run directory {}, serving on {}", options.directory, (*run)->server().address());
  const ExitCode code = (*run)->Run(stop.token());
  if (code == nmn::kExitInterrupted) {
    spdlog::warn("stopped; continue with: nmn-learner --config={} --listen={} --run_dir={} --resume", config_path,
                 options.listen, options.directory);
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  return nmn::process::Main("nmn-learner", [=] { return RunLearner(argc, argv); });
}
