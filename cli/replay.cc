#include "learner/run/replay.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/fail.h"
#include "cli/verbs.h"
#include "common/fs/endless.h"
#include "common/fs/file_system.h"
#include "common/process/program.h"
#include "common/text/prefixed.h"

namespace nmn::cli {
namespace {

using nlohmann::ordered_json;

struct Flags {
  std::string dump;
  ppo::TrainerOptions trainer;
  bool json = false;
};

// "critic: epoch 1, minibatch 3: loss"; empty if every step is finite.
std::string FirstNotFinite(const std::vector<ppo::OptimiserStep>& steps) {
  for (const ppo::OptimiserStep& step : steps) {
    const std::string what = run::NotFinite(step);
    if (!what.empty()) return absl::StrFormat("the %s of epoch %d, minibatch %d", what, step.epoch, step.minibatch);
  }
  return "";
}

void PrintSteps(const std::string& network, const std::vector<ppo::OptimiserStep>& steps) {
  for (const ppo::OptimiserStep& step : steps) {
    const std::string what = run::NotFinite(step);
    std::cout << absl::StrFormat("%-8s %5d %9d %14.6g %14.6g %18.6g%s\n", network, step.epoch, step.minibatch,
                                 step.loss, step.gradient_norm, step.largest_parameter,
                                 what.empty() ? "" : absl::StrCat("  <- ", what, " is not finite"));
  }
}

void PrintTable(const run::FailedUpdate& failed, const run::ReplayReport& report) {
  std::cout << absl::StrFormat("update %d of run %s (commit %s)\n\n%-34s %10s %11s %12s %12s %12s\n", failed.update,
                               failed.run_id, failed.commit, "array", "numbers", "not finite", "least", "mean",
                               "greatest");
  for (const run::ArraySummary& array : report.arrays) {
    std::cout << absl::StrFormat("%-34s %10d %11d %12.5g %12.5g %12.5g\n", array.name, array.numbers, array.not_finite,
                                 array.least, array.mean, array.greatest);
  }
  std::cout << absl::StrFormat("\n%-8s %5s %9s %14s %14s %18s\n", "network", "epoch", "minibatch", "loss",
                               "gradient norm", "largest parameter");
  PrintSteps("policy", report.policy);
  PrintSteps("critic", report.critic);
  for (const auto& [network, steps] : {std::pair{"policy", &report.policy}, std::pair{"critic", &report.critic}}) {
    const std::string first = FirstNotFinite(*steps);
    std::cout << network << ", first not finite: " << (first.empty() ? "nothing" : first) << "\n";
  }
  std::cout << "recorded: " << failed.code << ", " << failed.reason << "\nnow:      " << report.code
            << (report.reason.empty() ? "" : ", ") << report.reason << "\n"
            << (report.reproduced ? "reproduced\n" : "NOT reproduced\n");
}

ordered_json StepsToJson(const std::vector<ppo::OptimiserStep>& steps) {
  ordered_json all = ordered_json::array();
  for (const ppo::OptimiserStep& step : steps) {
    all.push_back({{"epoch", step.epoch},
                   {"minibatch", step.minibatch},
                   {"loss", step.loss},
                   {"gradient_norm", step.gradient_norm},
                   {"largest_parameter", step.largest_parameter}});
  }
  return all;
}

void PrintJson(const run::FailedUpdate& failed, const run::ReplayReport& report) {
  ordered_json arrays = ordered_json::object();
  for (const run::ArraySummary& array : report.arrays) {
    arrays[array.name] = {{"numbers", array.numbers},
                          {"not_finite", array.not_finite},
                          {"least", array.least},
                          {"mean", array.mean},
                          {"greatest", array.greatest}};
  }
  const auto network = [](const std::vector<ppo::OptimiserStep>& steps) {
    const std::string first = FirstNotFinite(steps);
    return ordered_json{{"first_not_finite", first.empty() ? ordered_json(nullptr) : ordered_json(first)},
                        {"steps", StepsToJson(steps)}};
  };
  const ordered_json json = {{"run_id", failed.run_id},
                             {"commit", failed.commit},
                             {"update", failed.update},
                             {"recorded", {{"code", failed.code}, {"reason", failed.reason}}},
                             {"now", {{"code", report.code}, {"reason", report.reason}}},
                             {"reproduced", report.reproduced},
                             {"policy", network(report.policy)},
                             {"critic", network(report.critic)},
                             {"arrays", arrays}};
  std::cout << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

// Whoever names the run means its failed update.
absl::Status NoDump(const std::string& directory) {
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with("failed-update-") && name.ends_with(".safetensors")) found.push_back(entry->path().string());
  }
  std::sort(found.begin(), found.end());
  return absl::InvalidArgumentError(
      absl::StrCat(directory, " is a folder; ",
                   found.empty() ? "there is no failed-update-N.safetensors in it, which a run writes when it fails"
                                 : absl::StrCat("name its failed update: ", absl::StrJoin(found, " or "))));
}

absl::Status Replay(const Flags& flags) {
  std::error_code error;
  if (std::filesystem::is_directory(flags.dump, error)) return NoDump(flags.dump);
  if (absl::Status status = fs::RefuseEndless(flags.dump, "a failed-update-N.safetensors"); !status.ok()) return status;
  const absl::StatusOr<std::string> bytes = fs::RealFileSystem().Read(flags.dump);
  if (!bytes.ok()) return bytes.status();
  const auto named = [&](const absl::Status& status) { return text::Prefixed(flags.dump, status); };
  const absl::StatusOr<run::FailedUpdate> failed = run::DecodeFailedUpdate(*bytes);
  if (!failed.ok()) return named(failed.status());
  if (absl::Status status = process::CheckRoomToTrain(flags.trainer.threads); !status.ok()) return status;
  const absl::StatusOr<run::ReplayReport> report = run::Replay(*failed, flags.trainer);
  if (!report.ok()) return named(report.status());
  flags.json ? PrintJson(*failed, *report) : PrintTable(*failed, *report);
  if (report->reproduced) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      flags.dump, " was recorded by commit ", failed->commit, " as \"", failed->reason, "\", and ends now ",
      report->reason.empty() ? "without a failure" : absl::StrCat("as \"", report->reason, "\"")));
}

}  // namespace

void AddReplay(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("replay", "Run a failed update again, step by step");
  verb->footer(
      "DIR/failed-update-N.safetensors holds the episodes of an update that could not be trained on, and all state of "
      "the trainer before it.\n"
      "The verb prints what is in both, every optimiser step of policy and critic, and the first number of each that "
      "is not finite.\n"
      "Exit codes: 0 the update ends as it did in the run; 42 it does not, or the file cannot be used.\n"
      "Example:  nmn replay runs/b1-nmn-fast-s1-20260101T120000Z/failed-update-17.safetensors");
  auto flags = std::make_shared<Flags>();
  verb->add_option("DUMP", flags->dump, "A failed-update-N.safetensors of a run directory")->required();
  verb->add_option("--device", flags->trainer.device, "cpu, cuda or cuda:N")
      ->type_name("DEVICE")
      ->capture_default_str();
  verb->add_option("--threads", flags->trainer.threads, "Threads of the update; does not change results")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  verb->add_flag("--json", flags->json, "One JSON object on one line, the last of stdout");
  verb->callback([flags, &exit_code] {
    const absl::Status status = Replay(*flags);
    exit_code = status.ok() ? kExitDone : Fail("replay", status);
  });
}

}  // namespace nmn::cli
