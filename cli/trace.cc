#include "cli/trace/trace.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/fail.h"
#include "cli/own_file.h"
#include "cli/player.h"
#include "cli/policy_choice.h"
#include "cli/verbs.h"
#include "common/config/config.h"
#include "common/text/counted.h"

namespace nmn::cli {
namespace {

constexpr uint64_t kMostLinesOfTerminal = 200;

struct Flags {
  PolicyFlags policy;
  uint32_t episodes = 1;
  uint32_t every = 1;
  std::string columns;
  std::string out;  // by its extension; empty: CSV to stdout
  std::string npz;
};

absl::StatusOr<std::unique_ptr<trace::Output>> Open(const Flags& flags, const std::vector<trace::Column>& columns) {
  if (!flags.npz.empty()) return trace::OpenNpz(flags.npz, columns, flags.episodes);
  if (absl::EndsWithIgnoreCase(flags.out, ".npz")) return trace::OpenNpz(flags.out, columns, flags.episodes);
  return trace::OpenCsv(flags.out, columns);
}

// Thousands of lines of numbers help nobody on a terminal.
absl::Status CheckReader(const Flags& flags, const v1::RunConfig& config) {
  if (!flags.out.empty() || !flags.npz.empty() || isatty(STDOUT_FILENO) == 0) return absl::OkStatus();
  const uint64_t lines = uint64_t{flags.episodes} * ((config::Horizon(config) + flags.every - 1) / flags.every);
  if (lines <= kMostLinesOfTerminal) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(lines,
                   " lines of CSV would fill this terminal; name a file with --out, pipe them into another "
                   "program (| less -S), or take fewer with --every"));
}

absl::Status Trace(const Flags& flags) {
  if (!flags.npz.empty() && !flags.out.empty()) {
    return absl::InvalidArgumentError("--npz and --out both name the file to write; give one of them");
  }
  absl::Status own = RefuseOwnFile("--out", flags.out);
  own.Update(RefuseOwnFile("--npz", flags.npz));
  own.Update(RefuseOtherFormat("--out", flags.out, {".csv", ".npz", ".txt"}, "without --out it is CSV on stdout"));
  if (flags.npz == "-") {
    own.Update(absl::InvalidArgumentError("--npz=- would be a file of that name; --npz=/dev/stdout writes to stdout"));
  }
  if (!own.ok()) return own;
  absl::StatusOr<PolicyChoice> choice = ChoosePolicy(flags.policy);
  if (!choice.ok()) return choice.status();
  absl::StatusOr<env::EnvironmentSpec> spec = env::FindSpec(choice->config.benchmark(), choice->config.env());
  if (!spec.ok()) return spec.status();
  if (absl::Status status = CheckReader(flags, choice->config); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<play::Player>> player = MakePlayer(*choice, flags.policy, 1);
  if (!player.ok()) return player.status();
  absl::StatusOr<std::unique_ptr<trace::Recorder>> recorder = trace::Recorder::Create(
      *spec, choice->network.has_value() ? &*choice->network : nullptr, flags.columns, flags.every);
  if (!recorder.ok()) return recorder.status();
  absl::StatusOr<std::unique_ptr<trace::Output>> output = Open(flags, (*recorder)->columns());
  if (!output.ok()) return output.status();
  if (absl::Status status = trace::WriteTrace(**player, **recorder, flags.episodes, **output); !status.ok())
    return status;
  const std::string& file = flags.npz.empty() ? flags.out : flags.npz;
  if (!file.empty())
    std::cerr << "wrote " << file << ": " << text::Counted(flags.episodes, "episode") << ", "
              << text::Counted((*recorder)->columns().size(), "column") << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddTrace(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("trace", "Write every step of some episodes as CSV or for numpy");
  verb->footer(
      "It writes one line a step. The columns are episode, t, the task, the environment's state before the step, x,\n"
      "the action and the reward as they are fed back, u, and then action and reward. Networks have mean, logvar and\n"
      "each z before those two. --columns chooses others: h* (recurrent states), *_scale* and *_offset* (what z does\n"
      "to each neuron), value (the critic's). docs/cli.md has all of them.\n"
      "numpy.load reads a .npz. It has one array a column.\n"
      "Episode e is the episode e of nmn eval with the same seed.\n"
      "Examples:  nmn trace --policy=runs/b1-nmn-fast-s1-20260101T120000Z --set env.tasks=-8,8 --episodes=2 "
      "--out=trace.csv\n"
      "           nmn trace --policy=RUN_DIR --episodes=100 --every=10 --columns=episode,t,task_*,z*,value "
      "--out=trace.npz");
  auto flags = std::make_shared<Flags>();
  AddPolicyOptions(*verb, flags->policy);
  verb->add_option("--episodes", flags->episodes, "Episodes to write")
      ->check(CLI::Range(1u, 1'000'000u))
      ->capture_default_str();
  verb->add_option("--every", flags->every, "Write only the first of every so many steps")
      ->check(CLI::Range(1u, 1'000'000u))
      ->capture_default_str();
  verb->add_option("--columns", flags->columns,
                   "Names of columns, separated by commas; * stands for any letters [the columns named below]")
      ->type_name("COLUMNS");
  CLI::Option* out = verb->add_option("--out,--csv", flags->out,
                                      "The file to write: CSV, or for numpy if its name ends in .npz [CSV to stdout]")
                         ->type_name("FILE");
  verb->add_option("--npz", flags->npz, "The file to write for numpy, whatever its name is")
      ->type_name("FILE")
      ->excludes(out);
  verb->callback([flags, &exit_code] {
    const absl::Status status = Trace(*flags);
    exit_code = status.ok() ? kExitDone : Fail("trace", status);
  });
}

}  // namespace nmn::cli
