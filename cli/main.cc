// nmn: train, evaluate and study neuromodulated and recurrent policies. One verb a file; see verbs.h.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <iostream>
#include <string>
#include <vector>

#include "cli/fail.h"
#include "cli/verbs.h"
#include "common/build/build.h"
#include "common/failpoint/failpoint.h"

namespace {

// Every flag can be given as NMN_<FLAG> too; the command line wins.
void ReadFlagsFromEnvironment(CLI::App& verb) {
  for (CLI::Option* option : verb.get_options()) {
    if (option->get_lnames().empty() || option->get_lnames()[0] == "help") continue;
    std::string name = "NMN_" + option->get_lnames()[0];
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
    option->envname(name);
  }
}

// "nmn eval", or "nmn" where no verb was recognised.
std::string CalledAs(const CLI::App& app) {
  const auto verbs = app.get_subcommands();
  return verbs.empty() ? "nmn" : "nmn " + verbs[0]->get_name();
}

}  // namespace

int main(int argc, char** argv) {
  if (absl::Status status = nmn::failpoint::ArmFromEnvironment(); !status.ok()) {
    std::cerr << "nmn: " << status.message() << "\n";
    return nmn::ExitCodeOf(status);
  }
  CLI::App app("Train, evaluate and study neuromodulated (NMN) and recurrent policies by meta-RL.", "nmn");
  app.set_version_flag("--version", std::string("nmn ") + nmn::build::Version() + " (" + nmn::build::Commit() + ")");
  app.require_subcommand(1);
  app.footer(
      "Begin with:  nmn train --benchmark=b1 --preset=fast --seed=1\n"
      "Each verb has its own --help. A flag --some_flag can also be set as NMN_SOME_FLAG in the environment.\n"
      "Exit codes: 0 done, 1 may work later, 42 cannot work as called, 75 (train) stopped by a signal, resume later.");

  int exit_code = 0;
  nmn::cli::AddTrain(app, exit_code);
  nmn::cli::AddEval(app, exit_code);
  nmn::cli::AddTrace(app, exit_code);
  nmn::cli::AddExport(app, exit_code);
  nmn::cli::AddReport(app, exit_code);
  nmn::cli::AddSweep(app, exit_code);
  nmn::cli::AddReplay(app, exit_code);
  nmn::cli::AddStatus(app, exit_code);
  nmn::cli::AddBench(app, exit_code);
  nmn::cli::AddVersion(app, exit_code);
  for (CLI::App* verb : app.get_subcommands({})) ReadFlagsFromEnvironment(*verb);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
    std::string message = error.what();
    // CLI11 misses a required flag before it looks at what it did not know, which is more often the reason.
    const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && !unknown.empty())
      message = "unknown: " + unknown[0];
    std::replace(message.begin(), message.end(), '\n', ' ');
    const std::string called = CalledAs(app);
    std::cerr << called << ": " << message << "; see " << called << " --help\n";
    return nmn::kExitPermanent;
  }
  return exit_code;
}
