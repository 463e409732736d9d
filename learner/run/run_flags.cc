#include "learner/run/run_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/flags/command.h"
#include "common/flags/groups.h"
#include "common/metrics/exporter.h"
#include "common/metrics/flags.h"
#include "common/tls/flags.h"
#include "learner/run/limit_flags.h"

namespace nmn::run {

std::vector<std::string> DeviceNames() { return {"cpu", "cuda"}; }

CLI::Option* AddRunFlags(CLI::App& app, const RunFlagHelp& help, RunOptions& options) {
  options.trainer.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  options.metrics = metrics::kLearnerAddress;
  app.add_option("--run_dir", options.directory, help.run_dir)->type_name("DIR");
  app.add_option("--init_from", options.init_from,
                 "begin with these weights, as far as they fit: RUN_DIR, RUN_DIR/checkpoints/ckpt-N or "
                 "FILE.safetensors")
      ->type_name("SOURCE");
  app.add_flag("--resume", options.resume,
               "continue the run in --run_dir; begin it if no checkpoint was ever completed there");
  CLI::Option* listen = app.add_option("--listen", options.listen, help.listen);
  listen->type_name("ADDRESS")->group(flags::kOtherMachinesGroup);
  if (!options.listen.empty()) listen->capture_default_str();
  tls::AddFlags(app, "allow --listen and --metrics on addresses that other machines reach, in plain text",
                /*listens=*/true, options.tls);
  app.add_flag("--allow_mixed", options.allow_mixed,
               "accept actors of another build or rounding class; weights are then not equal bit for bit")
      ->group(flags::kOtherMachinesGroup);
  app.add_option("--device", options.trainer.device, "where updates run: cpu, cuda or cuda:INDEX")
      ->type_name("DEVICE")
      ->capture_default_str();
  app.add_option("--threads", options.trainer.threads, "threads of the updates; does not change results")
      ->default_str("the cores of the machine")
      ->check(CLI::Range(1, 1024));
  app.add_option(
         "--stuck_after", options.stuck_after,
         "seconds that a step of the run may take; after that its health is NOT_SERVING (default: 600, and also "
         "ten times the longest step so far)")
      ->check(CLI::Range(1e-3, 1e9));
  app.add_flag("--discard_corrupt", options.discard_corrupt,
               "with --resume: begin anew if there are checkpoints and none is valid");
  app.add_flag("--accept_loss", options.accept_loss,
               "with --resume: go on if episodes.csv or another file lost rows, and say which");
  app.add_flag("--event_log", options.event_log,
               "write events.jsonl, which says what becomes of every work unit (docs/reliability.md)");
  CLI::Option* metrics = metrics::AddFlags(app, help.metrics, options.metrics, options.metrics_tls);
  AddLimitFlags(app, options.limits);
  return metrics;
}

std::string ResumeCommand(const CLI::App& app, const std::string& directory, std::vector<std::string> stored) {
  stored.insert(stored.end(), {"init_from", "resume", "run_dir", "discard_corrupt", "accept_loss", "print_config"});
  return flags::CommandAgain(app, {"--resume", absl::StrCat("--run_dir=", directory)}, stored);
}

std::string StoppedWhileStarting(const CLI::App& app, const std::string& directory) {
  return absl::StrCat("stopped while starting, nothing is lost; start again with: ",
                      flags::CommandAgain(app, {"--resume", absl::StrCat("--run_dir=", directory)},
                                          {"resume", "run_dir", "print_config"}));
}

}  // namespace nmn::run
