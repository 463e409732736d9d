// nmn-learner: owns one training run. Leases work to actors over gRPC, trains on what they send, publishes weights,
// writes checkpoints.

#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/build/build.h"
#include "common/config/schedule.h"
#include "common/failpoint/failpoint.h"
#include "common/flags/command.h"
#include "common/flags/flags.h"
#include "common/flags/usage_flags.h"
#include "common/log/log.h"
#include "common/metrics/exporter.h"
#include "common/net/address.h"
#include "common/net/channel.h"
#include "common/net/health.h"
#include "common/process/program.h"
#include "common/process/starting.h"
#include "common/sync/signal_watcher.h"
#include "common/text/prefixed.h"
#include "common/tls/credentials.h"
#include "common/tls/explain.h"
#include "common/tls/flags.h"
#include "learner/run/learner_run.h"
#include "learner/run/run_flags.h"

namespace {

using nmn::ExitCode;

constexpr std::chrono::seconds kHealthTimeout(5);

// Writes what happens as log lines.
class LogObserver : public nmn::run::RunObserver {
 public:
  void OnUpdate(const nmn::run::UpdateSummary& s) override {
    spdlog::info(
        "update {}/{} episodes {} return {:.1f} discounted {:.1f} last{} {:.1f}{} kl {:.5f}{} {} steps/s "
        "{:.0f} "
        "left {:.0f} s",
        s.update, s.budget_updates, s.episodes, s.return_mean, s.discounted_mean, s.recent_episodes(),
        s.discounted_recent,
        s.evaluation_discounted ? absl::StrFormat(" evaluation %.1f", *s.evaluation_discounted) : "", s.kl,
        s.reverted ? " (reverted)" : "", s.spread, s.steps_per_second, s.seconds_left);
  }
  void OnNotice(const std::string& sentence) override { spdlog::warn("{}", sentence); }
};

int Fail(const absl::Status& status) {
  nmn::log::SayError("nmn-learner", status);
  return nmn::ExitCodeOf(status);
}

// Whether the learner on this machine that listens there says SERVING.
int AskHealth(const std::string& listen, const nmn::tls::Flags& flags) {
  const absl::StatusOr<nmn::net::Address> address = nmn::net::ParseServerAddress(listen, "--listen");
  if (!address.ok()) return Fail(address.status());
  if (absl::Status status = nmn::process::CheckClientThreads(); !status.ok()) return Fail(status);
  const absl::StatusOr<std::shared_ptr<nmn::tls::Tls>> tls = nmn::tls::OpenIfGiven(flags);
  if (!tls.ok()) return Fail(tls.status());
  const nmn::net::Address asked = nmn::net::Reachable(*address);
  const auto channel = nmn::net::CreateChannel(asked, *tls ? nmn::tls::ChannelCredentials(*tls) : nullptr);
  absl::Status status = nmn::net::CheckHealth(channel, kHealthTimeout);
  if (!status.ok()) status = nmn::tls::Explain(asked, tls->get(), status);
  if (!status.ok()) return Fail(nmn::text::Prefixed(nmn::net::ToString(*address), status));
  std::cout << "SERVING\n";
  return nmn::kExitDone;
}

nmn::usage::Kinds ValueKinds() {
  nmn::usage::Kinds kinds = nmn::usage::PathKinds();
  kinds["DEVICE"].words = nmn::run::DeviceNames();
  kinds["LEVEL"].words = nmn::log::Levels();
  kinds["PROTECTION"].words = nmn::metrics::PortProtections();
  kinds["FORMAT"].words = nmn::log::Formats();
  return kinds;
}

// What nmn train has in its flags, a learner has in its config.
std::string InTheConfig(const std::string& flag) {
  static const std::set<std::string> flags = {"--task",    "--benchmark", "--arch", "--preset",        "--seed",
                                              "--updates", "--episodes",  "--set",  "--scale_schedule"};
  if (flags.count(flag) == 0) return "";
  return absl::StrCat("a learner has that in its config; make one with nmn train ", flag,
                      flag == "--scale_schedule" ? "" : "=..", " --print_config > FILE");
}

int RunLearner(int argc, char** argv) {
  if (absl::Status status = nmn::failpoint::ArmFromEnvironment(); !status.ok()) return Fail(status);
  CLI::App app("Owns one training run: it leases work to actors, trains, publishes weights and writes checkpoints.",
               "nmn-learner");
  app.set_version_flag("--version",
                       absl::StrCat("nmn-learner ", nmn::build::Version(), " (", nmn::build::Commit(), ")"));
  app.footer(
      "Example:  nmn train --benchmark=b1 --preset=fast --seed=1 --print_config > b1.textproto\n"
      "          nmn-learner --config=b1.textproto --listen=127.0.0.1:50051 --run_dir=runs/b1 &\n"
      "          nmn-actor --learner=127.0.0.1:50051\n"
      "Exit codes: 0 the budget is reached; 75 a signal stopped it (go on with --resume); 1 the same command may work "
      "later; 42 it cannot work as called.");
  std::string config_path;
  std::string log_level = "info";
  std::string log_format = "auto";
  bool print_config = false;
  bool health = false;
  nmn::run::RunOptions options;
  options.listen = "127.0.0.1:50051";
  app.add_option("--config", config_path, "RunConfig as textproto; needed, but for --health")->type_name("FILE");
  nmn::run::AddRunFlags(app,
                        {.run_dir = "directory of the run; it is created if it is not there",
                         .listen = "address to serve actors on; port 0 takes a free one",
                         .metrics = nmn::run::kMetricsHelp},
                        options);
  app.add_flag("--health", health, "ask the learner at --listen whether it serves, and exit: 0 it does, 1 it does not");
  app.add_option("--log_level", log_level, "trace, debug, info, warn, error or off")
      ->type_name("LEVEL")
      ->capture_default_str();
  app.add_option("--log_format", log_format, nmn::log::kFormatHelp)->type_name("FORMAT")->capture_default_str();
  app.add_flag("--print_config", print_config, "print the config as the program reads it, and exit");
  nmn::flags::AddUsageFlags(app, {nmn::build::Version(), nmn::build::Date()}, ValueKinds);
  if (const std::optional<int> code = nmn::flags::Parse(app, argc, argv, ValueKinds, InTheConfig)) return *code;
  if (health) return AskHealth(options.listen, options.tls);
  if (config_path.empty()) return Fail(absl::InvalidArgumentError("--config is required; see nmn-learner --help"));
  if (absl::Status status = nmn::log::SetUp("nmn-learner", log_level, log_format); !status.ok()) return Fail(status);

  absl::StatusOr<nmn::v1::RunConfig> config = nmn::config::Load(config_path);
  if (!config.ok()) return Fail(config.status());
  options.config = *std::move(config);
  if (print_config) {
    const absl::StatusOr<nmn::v1::RunConfig> checked = nmn::run::CheckedConfig(options);
    if (!checked.ok()) return Fail(checked.status());
    std::cout << nmn::config::Print(*checked);
    return nmn::kExitDone;
  }
  nmn::process::OutliveReaders();
  if (absl::Status status = nmn::process::CheckRoomToTrain(options.trainer.threads); !status.ok()) return Fail(status);
  const bool by_default = options.directory.empty();
  if (by_default) options.directory = nmn::run::MakeDefaultRunDirectory(options.config);

  std::stop_source stop;
  nmn::process::Starting starting(nmn::run::StoppedWhileStarting(app, options.directory));
  nmn::SignalWatcher signals(
      [&](int) {
        starting.Stop();
        stop.request_stop();
      },
      "nmn-learner: ended at once; what came after the last checkpoint is lost, continue with --resume");
  LogObserver observer;
  absl::StatusOr<std::unique_ptr<nmn::run::LearnerRun>> run = nmn::run::LearnerRun::Start(options, observer);
  starting.Over();
  if (!run.ok() && by_default) nmn::run::RemoveUnusedRunDirectory(options.directory);
  if (!run.ok()) return Fail(run.status());
  if (!(*run)->metrics_url().empty()) {
    spdlog::info("look at it live: {}", (*run)->page_url());
    spdlog::info("metrics on {}", (*run)->metrics_url());
  }
  if (!(*run)->already_complete()) {
    const std::string address = (*run)->server().address();
    spdlog::info("run directory {}, serving on {}", options.directory, address);
    spdlog::info("it waits for actors; one on this machine: nmn-actor --learner={}{}", address,
                 options.tls.protection().tls ? " --tls=DIR" : "");
  }
  if (const auto notice = nmn::config::ScheduleNotice(options.config); notice && (*run)->update() == 0)
    spdlog::warn("{}", *notice);
  const ExitCode code = (*run)->Run(stop.get_token());
  if (code == nmn::kExitDone && !(*run)->already_complete())
    spdlog::info("the run is complete; its curves: nmn report {}", nmn::flags::ShellQuoted(options.directory));
  if (code == nmn::kExitInterrupted) {
    spdlog::warn("stopped; continue with: {}", nmn::run::ResumeCommand(app, options.directory, {}));
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  return nmn::process::Main("nmn-learner", [=] { return RunLearner(argc, argv); });
}
