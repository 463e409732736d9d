#include "absl/status/status.h"

#include <google/protobuf/util/json_util.h>
#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/fail.h"
#include "cli/verbs.h"
#include "common/net/address.h"
#include "common/net/channel.h"
#include "common/net/status.h"
#include "common/process/program.h"
#include "common/text/utf8.h"
#include "common/tls/credentials.h"
#include "common/tls/explain.h"
#include "common/tls/flags.h"
#include "nmn/v1/learner.grpc.pb.h"

namespace nmn::cli {
namespace {

struct Flags {
  std::string address;
  double timeout_seconds = 5;
  bool json = false;
  tls::Flags tls;
};

std::string Duration(double seconds) {
  const int64_t whole = static_cast<int64_t>(seconds);
  if (whole < 60) return absl::StrCat(whole, " s");
  if (whole < 3600) return absl::StrFormat("%d min %02d s", whole / 60, whole % 60);
  return absl::StrFormat("%d h %02d min", whole / 3600, whole / 60 % 60);
}

void PrintTable(const v1::GetStatusResponse& status) {
  std::cout << absl::StrFormat("run         %s, generation %d, nmn %s (%s)\n", status.run_id(), status.generation(),
                               status.build().version(), status.build().commit());
  std::cout << absl::StrFormat("state       %s, update %d of %d", status.state(), status.update(),
                               status.budget_updates());
  if (status.seconds_left() > 0) std::cout << ", " << Duration(status.seconds_left()) << " left";
  if (status.update() == 0) {
    std::cout << "\nreturn      none before the first update\n";
  } else {
    std::cout << absl::StrFormat("\nreturn      %.2f, discounted %.2f (last update)\n", status.return_mean(),
                                 status.discounted_return_mean());
  }
  // A protobuf map has no order; the table does.
  const std::map<std::string, uint64_t> rejects(status.rejects().begin(), status.rejects().end());
  for (const auto& [reason, count] : rejects) {
    const bool harmless = reason == v1::RejectReason_Name(v1::DUPLICATE);
    std::cout << absl::StrFormat("rejected    %d %s%s\n", count, reason,
                                 harmless ? " (they came twice and count once; nothing is lost)" : "");
  }
  std::cout << absl::StrFormat("\n%-24s %-9s %10s %10s %7s %4s %9s %7s %8s  %s\n", "actor", "connected", "episodes/s",
                               "steps/s", "policy", "lag", "accepted", "leased", "heard", "last error");
  for (const v1::ActorStatus& actor : status.actors()) {
    const std::string pace = !actor.connected() || actor.episodes_per_second() == 0
                                 ? "-"
                                 : absl::StrFormat("%.1f", actor.episodes_per_second());
    const std::string steps = actor.connected() ? absl::StrFormat("%.0f", actor.steps_per_second()) : "-";
    std::cout << absl::StrFormat("%-24s %-9s %10s %10s %7d %4d %9d %7d %6.1f s  %s\n", actor.actor_id(),
                                 actor.connected() ? "yes" : "no", pace, steps, actor.policy_version(),
                                 actor.policy_lag(), actor.units_accepted(), actor.units_leased(),
                                 actor.seconds_since_heard(), text::Printable(actor.last_error()));
  }
}

// Where the learner is not, and something else may be.
absl::Status NoLearner(const std::string& address, const absl::Status& answer) {
  if (absl::StrContains(answer.message(), "http1.x server")) {
    return absl::InvalidArgumentError(
        absl::StrCat(address,
                     " speaks HTTP, as the address of --metrics does; name that of --listen, which the run "
                     "prints behind \"serving on\""));
  }
  return absl::UnavailableError(absl::StrCat("no learner answers at ", address, " (", answer.message(),
                                             "); was it started with --listen=", address,
                                             "? One whose run is complete has ended"));
}

absl::Status Status(const Flags& flags) {
  if (std::error_code error; std::filesystem::is_directory(flags.address, error)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "ADDR=", flags.address, " is a directory; name the learner's address, that of --listen, e.g. 127.0.0.1:50051"));
  }
  absl::StatusOr<net::Address> address = net::ParseServerAddress(flags.address, "ADDR");
  if (!address.ok()) return address.status();
  if (absl::Status status = net::CheckProtected(*address, "ADDR", flags.tls.protection()); !status.ok()) return status;
  if (absl::Status status = process::CheckClientThreads(); !status.ok()) return status;
  const absl::StatusOr<std::shared_ptr<tls::Tls>> tls = tls::OpenIfGiven(flags.tls);
  if (!tls.ok()) return tls.status();
  const std::unique_ptr<v1::LearnerService::Stub> stub =
      v1::LearnerService::NewStub(net::CreateChannel(*address, *tls ? tls::ChannelCredentials(*tls) : nullptr));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(static_cast<int64_t>(flags.timeout_seconds * 1000)));
  v1::GetStatusResponse response;
  // What keeps the two apart is the error below, and need not be in a log too.
  spdlog::set_level(spdlog::level::off);
  const absl::Status answer =
      tls::Explain(*address, tls->get(), net::ToAbsl(stub->GetStatus(&context, v1::GetStatusRequest(), &response)));
  if (absl::IsUnauthenticated(answer) || absl::IsPermissionDenied(answer))
    return absl::Status(answer.code(), absl::StrCat("the learner at ", flags.address, ": ", answer.message()));
  if (!answer.ok()) return NoLearner(flags.address, answer);
  if (!flags.json) {
    PrintTable(response);
    return absl::OkStatus();
  }
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(response, &json, options).ok()) {
    return absl::InternalError("the learner's answer cannot be written as JSON");
  }
  std::cout << json << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddStatus(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("status", "Ask a learner what its run and its actors are doing");
  verb->footer(
      "A learner listens at the --listen of its nmn train or nmn-learner. The exit code is 1 if none answers.\n"
      "A learner with TLS answers operators and actors: nmn certs issue DIR --operator=NAME writes a certificate.\n"
      "Example:  nmn status 127.0.0.1:50051 --json");
  auto flags = std::make_shared<Flags>();
  verb->add_option("ADDR", flags->address, "The learner's host:port")->required();
  verb->add_option("--timeout", flags->timeout_seconds, "Seconds to wait for an answer")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  tls::AddFlags(*verb, "Ask a learner on another machine in plain text", /*listens=*/false, flags->tls);
  verb->add_flag("--json", flags->json, "The whole answer as one JSON object on one line");
  verb->callback([flags, &exit_code] {
    const absl::Status status = Status(*flags);
    exit_code = status.ok() ? kExitDone : Fail("status", status);
  });
}

}  // namespace nmn::cli
