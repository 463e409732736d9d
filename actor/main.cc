// nmn-actor: plays episodes for a learner. Stateless: any number of them may come, go, hang or die.

#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <stop_token>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "actor/session.h"
#include "bridge/task_flags.h"
#include "common/build/build.h"
#include "common/env/environment.h"
#include "common/failpoint/failpoint.h"
#include "common/flags/flags.h"
#include "common/flags/usage_flags.h"
#include "common/log/log.h"
#include "common/metrics/exporter.h"
#include "common/metrics/flags.h"
#include "common/metrics/tls_metrics.h"
#include "common/net/actor_id.h"
#include "common/net/address.h"
#include "common/net/channel.h"
#include "common/process/program.h"
#include "common/sync/signal_watcher.h"
#include "common/tls/credentials.h"
#include "common/tls/explain.h"
#include "common/tls/flags.h"

namespace {

constexpr std::chrono::seconds kHealthTimeout(5);
constexpr size_t kOwnThreads = 4;  // session, worker, metrics, signals
constexpr size_t kTlsThreads = 2;  // what watches the certificates' files, here and in gRPC

int Fail(const absl::Status& status) {
  nmn::log::SayError("nmn-actor", status);
  return nmn::ExitCodeOf(status);
}

// The id of the certificate where none was given; where the certificate is for many actors, one that begins so.
absl::Status ChooseActorId(const nmn::tls::Tls* tls, std::string& id) {
  const bool given = !id.empty();
  if (!given) id = nmn::actor::DefaultActorId();
  if (tls == nullptr) return absl::OkStatus();
  const nmn::tls::Identity identity = tls->material()->identity;
  if (!given) id = identity.prefix().empty() ? identity.name : nmn::actor::ActorIdWithPrefix(identity.prefix());
  if (identity.MayBeActor(id)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--actor_id=", id, ": the certificate is for ", ToString(identity),
                                                 "; leave out --actor_id, or issue one with nmn certs issue DIR "
                                                 "--actor=",
                                                 id));
}

// Where the certificate cannot be used any more, its process may live on, and is asked without.
int AskHealth(const std::string& metrics, const std::string& metrics_tls, const nmn::tls::Flags& flags) {
  const absl::StatusOr<std::shared_ptr<nmn::tls::Tls>> tls = nmn::tls::OpenIfGiven(flags);
  const absl::Status status =
      nmn::metrics::CheckHealth(metrics, kHealthTimeout, metrics_tls, tls.ok() ? tls->get() : nullptr);
  if (!status.ok()) return Fail(tls.ok() ? status : tls.status());
  std::cout << "ok\n";
  return nmn::kExitDone;
}

nmn::usage::Kinds ValueKinds() {
  nmn::usage::Kinds kinds = nmn::usage::PathKinds();
  kinds["TASK"].words = nmn::env::TaskNames();
  kinds["LEVEL"].words = nmn::log::Levels();
  kinds["FORMAT"].words = nmn::log::Formats();
  kinds["PROTECTION"].words = nmn::metrics::PortProtections();
  return kinds;
}

int RunActor(int argc, char** argv) {
  if (absl::Status status = nmn::failpoint::ArmFromEnvironment(); !status.ok()) return Fail(status);
  CLI::App app("Plays episodes for a learner. It needs only the learner's address.", "nmn-actor");
  app.set_version_flag("--version",
                       std::string("nmn-actor ") + nmn::build::Version() + " (" + nmn::build::Commit() + ")");
  app.footer(
      "Example:  nmn-actor --learner=127.0.0.1:50051\n"
      "Exit codes: 0 the run is complete, or a signal stopped the actor; 1 there was no learner for --connect_timeout; "
      "42 it cannot work as called.");
  std::string learner;
  std::string metrics = nmn::metrics::kActorAddress;
  std::string metrics_tls;
  bool health = false;
  std::string log_level = "info";
  std::string log_format = "auto";
  bool print_config = false;
  double connect_timeout_seconds = 600;
  nmn::actor::ActorSession::Options options;
  app.add_option("--learner", learner, "address of the learner, host:port")->type_name("ADDRESS");
  app.add_option("--actor_id", options.actor_id,
                 "name of this actor: 1 to 64 of a-z, 0-9 and -; default: that of its certificate, or the host's and a "
                 "random part")
      ->type_name("NAME");
  app.add_option("--connect_timeout", connect_timeout_seconds, "seconds without a learner before giving up")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1e9));
  app.add_option("--task", options.task,
                 "play this task only, and refuse a run of another (default: the task of the run)")
      ->type_name("TASK");
  nmn::bridge::TaskFlags brought;
  nmn::bridge::AddTaskFlags(app, brought);
  app.add_option("--lanes", options.lanes,
                 "how many episodes are played at once at most; 0: as many as an update has; does not change results")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 16));
  nmn::tls::Flags tls_flags;
  nmn::tls::AddFlags(app, "allow a --learner on another machine, and --metrics for others, in plain text",
                     /*listens=*/false, tls_flags);
  nmn::metrics::AddFlags(app, nmn::metrics::kFlagHelp, metrics, metrics_tls);
  app.add_flag(
      "--health", health,
      "ask the actor at --metrics whether it is well, and exit: 0 it is, 1 it is not. An actor that waits for its "
      "learner is well");
  app.add_option("--log_level", log_level, "trace, debug, info, warn, error or off")
      ->type_name("LEVEL")
      ->capture_default_str();
  app.add_option("--log_format", log_format, nmn::log::kFormatHelp)->type_name("FORMAT")->capture_default_str();
  app.add_flag("--print_config", print_config, "print the settings as the program reads them, and exit");
  nmn::flags::AddUsageFlags(app, {nmn::build::Version(), nmn::build::Date()}, ValueKinds);
  if (const std::optional<int> code = nmn::flags::Parse(app, argc, argv, ValueKinds)) return *code;
  if (health) return AskHealth(metrics, metrics_tls, tls_flags);
  if (learner.empty()) return Fail(absl::InvalidArgumentError("--learner is required; see nmn-actor --help"));
  const absl::StatusOr<nmn::net::Address> address = nmn::net::ParseServerAddress(learner, "--learner");
  if (!address.ok()) return Fail(address.status());
  if (!options.task.empty() && !nmn::env::FindSpec(options.task).ok()) {
    return Fail(
        absl::InvalidArgumentError("--task=" + options.task + ": it must be one of " + nmn::env::ListOfTasks()));
  }
  if (absl::Status status = nmn::net::CheckProtected(*address, "--learner", tls_flags.protection()); !status.ok())
    return Fail(status);
  if (!options.actor_id.empty() && !nmn::net::IsActorId(options.actor_id)) {
    return Fail(
        absl::InvalidArgumentError("--actor_id=" + options.actor_id + ": it must be 1 to 64 of a-z, 0-9 and -"));
  }
  const absl::StatusOr<nmn::metrics::PortProtection> protection =
      nmn::metrics::ResolveProtection(metrics, metrics_tls, tls_flags.protection());
  if (!protection.ok()) return Fail(protection.status());
  if (absl::Status status = nmn::log::SetUp("nmn-actor", log_level, log_format); !status.ok()) return Fail(status);
  if (print_config) {
    std::cout << app.config_to_str(/*default_also=*/true);
    return nmn::kExitDone;
  }
  nmn::process::OutliveReaders();
  if (absl::Status status = nmn::bridge::BringTask(brought, options.task); !status.ok()) return Fail(status);
  if (absl::Status status = nmn::process::CheckThreads(kOwnThreads + (tls_flags.protection().tls ? kTlsThreads : 0));
      !status.ok())
    return Fail(status);
  const absl::StatusOr<std::shared_ptr<nmn::tls::Tls>> tls = nmn::tls::OpenIfGiven(tls_flags, nmn::tls::Role::kActor);
  if (!tls.ok()) return Fail(tls.status());
  if (absl::Status status = ChooseActorId(tls->get(), options.actor_id); !status.ok()) return Fail(status);
  options.explain = [&](const absl::Status& failure) { return nmn::tls::Explain(*address, tls->get(), failure); };
  options.learner = nmn::net::ToString(*address);
  options.connect_timeout = std::chrono::milliseconds(static_cast<int64_t>(connect_timeout_seconds * 1000));
  options.build = nmn::build::ThisBuild();

  std::stop_source stop;
  nmn::SignalWatcher signals(
      [&stop](int) { stop.request_stop(); },
      "nmn-actor: ended at once; the episodes it was playing are lost, the learner gives them to another");
  nmn::actor::Heartbeat heartbeat;
  absl::StatusOr<std::unique_ptr<nmn::metrics::Exporter>> exporter =
      nmn::metrics::Exporter::Start({.address = metrics,
                                     .health = [&heartbeat] { return heartbeat.Check(); },
                                     .protection = *protection,
                                     .tls = *tls});
  if (!exporter.ok()) return Fail(exporter.status());
  if (!(*exporter)->url().empty()) spdlog::info("metrics on {}", (*exporter)->url());
  options.heartbeat = &heartbeat;
  nmn::metrics::TlsMetrics tls_metrics;
  tls_metrics.SetSource(*tls);
  (*exporter)->Add(tls_metrics);
  const absl::Cleanup unread = [&] { (*exporter)->Remove(tls_metrics); };
  std::optional<nmn::actor::ActorMetrics> actor_metrics;
  if (!(*exporter)->url().empty()) options.metrics = &actor_metrics.emplace((*exporter)->registry());

  spdlog::info("actor {} for the learner at {}", options.actor_id, options.learner);
  const auto channel = nmn::net::CreateChannel(*address, *tls ? nmn::tls::ChannelCredentials(*tls) : nullptr);
  return nmn::actor::ActorSession(channel, options).Run(stop.get_token());
}

}  // namespace

int main(int argc, char** argv) {
  return nmn::process::Main("nmn-actor", [=] { return RunActor(argc, argv); });
}
