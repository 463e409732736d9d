// nmn: train, evaluate and study neuromodulated and recurrent policies. One verb a file; see verbs.h.

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "cli/fail.h"
#include "cli/value_kinds.h"
#include "cli/verbs.h"
#include "common/build/build.h"
#include "common/failpoint/failpoint.h"
#include "common/flags/flags.h"
#include "common/flags/usage_flags.h"
#include "common/log/log.h"
#include "common/process/program.h"

namespace {

int RunVerb(int argc, char** argv) {
  if (absl::Status status = nmn::failpoint::ArmFromEnvironment(); !status.ok()) {
    nmn::log::SayError("nmn", status);
    return nmn::ExitCodeOf(status);
  }
  // Of verbs that have no --log_level too, what is logged goes to stderr: to whoever called them, and to no collector.
  if (absl::Status status = nmn::log::SetUp("nmn", "warn", "text"); !status.ok()) return nmn::ExitCodeOf(status);
  CLI::App app("Train, evaluate and study neuromodulated (NMN) and recurrent policies by meta-RL.", "nmn");
  app.set_version_flag("--version", std::string("nmn ") + nmn::build::Version() + " (" + nmn::build::Commit() + ")");
  app.require_subcommand(1);
  app.footer(
      "Begin with:  nmn train --benchmark=b1 --preset=fast --seed=1\n"
      "Each verb has its own --help.\n"
      "Exit codes: 0 done; 1 the same command may work later; 42 it cannot work as called; 75 a signal stopped "
      "training "
      "or a sweep, go on with --resume or the same call.");

  int exit_code = 0;
  nmn::cli::AddTrain(app, exit_code);
  nmn::cli::AddEval(app, exit_code);
  nmn::cli::AddTrace(app, exit_code);
  nmn::cli::AddAnalyse(app, exit_code);
  nmn::cli::AddExport(app, exit_code);
  nmn::cli::AddReport(app, exit_code);
  nmn::cli::AddSweep(app, exit_code);
  nmn::cli::AddReproduce(app, exit_code);
  nmn::cli::AddReplay(app, exit_code);
  nmn::cli::AddStatus(app, exit_code);
  nmn::cli::AddCerts(app, exit_code);
  nmn::cli::AddTask(app, exit_code);
  nmn::cli::AddBench(app, exit_code);
  nmn::cli::AddVersion(app, exit_code);
  nmn::flags::AddUsageFlags(app, {nmn::build::Version(), nmn::build::Date()}, nmn::cli::ValueKinds);
  return nmn::flags::Parse(app, argc, argv, nmn::cli::ValueKinds).value_or(exit_code);
}

}  // namespace

int main(int argc, char** argv) {
  return nmn::process::Main("nmn", [=] { return RunVerb(argc, argv); });
}
