#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "cli/fail.h"
#include "cli/report/curves.h"
#include "cli/report/learning_curve.h"
#include "cli/report/phases.h"
#include "cli/report/run.h"
#include "cli/report/until.h"
#include "cli/verbs.h"

namespace nmn::cli {
namespace {

struct Flags {
  std::vector<std::string> run_directories;
  std::string out;
  bool each = false;
  bool adaptation = false;
  std::vector<double> until;
};

// One row a run: where it stands, over the last 1000 episodes.
void PrintTable(const std::vector<report::Run>& runs) {
  size_t width = 3;
  for (const report::Run& run : runs) width = std::max(width, run.path.size());
  std::cout << "means over the last " << report::kSmoothingEpisodes << " episodes\n";
  std::cout << absl::StrFormat("%-*s %9s %12s %12s %10s\n", static_cast<int>(width), "run", "episodes", "return",
                               "discounted", "wall s");
  for (const report::Run& run : runs) {
    const std::string wall = run.wall_seconds ? absl::StrFormat("%.1f", *run.wall_seconds) : "-";
    std::cout << absl::StrFormat("%-*s %9d %12.2f %12.2f %10s\n", static_cast<int>(width), run.path, run.returns.size(),
                                 report::RunningMean(run.returns, report::kSmoothingEpisodes).back(),
                                 report::RunningMean(run.discounted, report::kSmoothingEpisodes).back(), wall);
  }
}

absl::Status Report(const Flags& flags) {
  std::vector<report::Run> runs;
  for (const std::string& directory : report::ExpandRunDirectories(flags.run_directories)) {
    absl::StatusOr<report::Run> run = report::ReadRun(directory);
    if (!run.ok()) return run.status();
    runs.push_back(*std::move(run));
  }
  const std::string out = !flags.out.empty() ? flags.out : runs.size() == 1 ? runs[0].path : "report";
  if (absl::Status status = report::WriteLearningCurve(runs, out, flags.each); !status.ok()) return status;
  if (flags.adaptation) {
    if (absl::Status status = report::WriteAdaptation(runs, out, flags.each); !status.ok()) return status;
  }
  if (absl::Status status = report::WritePhases(runs, out); !status.ok()) return status;
  std::vector<double> thresholds = flags.until;
  if (thresholds.empty()) {
    absl::StatusOr<std::vector<double>> usual = report::DefaultThresholds(runs[0].config.benchmark());
    if (!usual.ok()) return usual.status();
    thresholds = *std::move(usual);
  }
  if (absl::Status status = report::WriteUntil(runs, thresholds, out); !status.ok()) return status;
  PrintTable(runs);
  std::cout << "\n" << report::UntilTable(runs, thresholds);
  const std::string phases = report::PhasesTable(runs);
  if (!phases.empty()) std::cout << "\n" << phases;
  std::cerr << "wrote " << out << "/learning_curve.{csv,svg,png}, learning_curve_raw.{svg,png}"
            << (flags.adaptation ? ", adaptation.{csv,svg,png}" : "") << ", until.csv, until_median.csv"
            << (phases.empty() ? "" : ", phases.{csv,svg,png}") << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddReport(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("report", "Draw learning curves of one or more run directories");
  verb->footer(
      "Draws the discounted and the raw return against episodes (running mean over 1000, as in the paper), as SVG and "
      "PNG, and\n"
      "writes the CSV behind them. Runs that differ only in the seed become one line, mean +- std. Works while a run "
      "is going on.\n"
      "Example:  nmn report runs/b1-nmn-reference-s* runs/b1-rnn-reference-s* --out=figures --adaptation");
  auto flags = std::make_shared<Flags>();
  verb->add_option("RUN_DIR", flags->run_directories, "Run directories of one benchmark, or folders that hold some")
      ->required();
  verb->add_option("--out", flags->out, "Folder for the files [RUN_DIR for one run, report/ for several]");
  verb->add_flag("--each", flags->each, "One line a run, even where only the seed differs");
  verb->add_flag("--adaptation", flags->adaptation, "Also draw the mean reward against the step within an episode");
  verb->add_option("--until", flags->until,
                   "Thresholds of the mean discounted return of the last 1000 episodes: what it took to reach each "
                   "[b1: 3000,4000,4534,4600,4650; else 25, 50, 75, 90 and 95 % of the oracle's]")
      ->delimiter(',');
  verb->callback([flags, &exit_code] {
    const absl::Status status = Report(*flags);
    exit_code = status.ok() ? kExitDone : Fail("report", status);
  });
}

}  // namespace nmn::cli
