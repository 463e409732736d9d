#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bridge/task_flags.h"
#include "cli/fail.h"
#include "cli/format_flag.h"
#include "cli/own_file.h"
#include "cli/report/adaptation.h"
#include "cli/report/learning_curve.h"
#include "cli/report/output.h"
#include "cli/report/phases.h"
#include "cli/report/selection.h"
#include "cli/report/trials.h"
#include "cli/report/until.h"
#include "cli/report_page.h"
#include "cli/verbs.h"

namespace nmn::cli {
namespace {

constexpr std::pair<const char*, report::Average> kAverages[] = {{"mean", report::Average::kMean},
                                                                 {"iqm", report::Average::kIqm}};
constexpr std::pair<const char*, report::Band> kBands[] = {{"std", report::Band::kDeviation},
                                                           {"sem", report::Band::kStandardError},
                                                           {"bootstrap", report::Band::kBootstrap},
                                                           {"none", report::Band::kNone}};

template <typename Table>
std::vector<std::string> NamesOf(const Table& table) {
  std::vector<std::string> names;
  for (const auto& [name, value] : table) names.emplace_back(name);
  return names;
}

// What a name stands for; the flag's check has refused any other.
template <typename Table>
auto ValueOf(const Table& table, const std::string& name) {
  for (const auto& [known, value] : table) {
    if (name == known) return value;
  }
  return table[0].second;
}

struct Flags {
  std::vector<std::string> run_directories;
  std::string out;
  bool adaptation = false;
  uint32_t adaptation_episodes = 1000;
  bool html = false;
  bridge::TaskFlags brought;  // played for it
  std::vector<double> until;
  std::string size, y_range, average = "mean", band = "std";
  bool no_title = false, no_figures = false;
  report::Options options;
};

// What is drawn after all tables and CSV files are there.
struct Drawing {
  std::string name;  // of its files, without the format
  std::function<absl::Status()> draw;
};

void Notice(const std::string& sentence) { std::cerr << "nmn report: " << sentence << "\n"; }

std::string LastEvaluation(const report::Run& run) {
  const std::string mean =
      run.evaluations.empty() ? "-" : absl::StrFormat("%.2f", run.evaluations.back().discounted_mean);
  return absl::StrFormat("%12s ", mean);
}

// One row a run: how good it is over its last episodes.
void PrintRuns(const report::LearningCurve& curve) {
  size_t width = 3;
  for (const report::Run& run : curve.runs) width = std::max(width, run.path.size());
  std::cout << "means over " << report::SmoothedEpisodes(curve.runs, curve.options.smooth) << "\n";
  const bool evaluated = curve.HasEvaluations();
  std::cout << absl::StrFormat("%-*s %9s %12s %12s %s%10s  %s\n", static_cast<int>(width), "run", "episodes", "return",
                               "discounted", evaluated ? "   evaluated " : "", "wall s", "curve");
  for (size_t i = 0; i < curve.runs.size(); ++i) {
    const report::Run& run = curve.runs[i];
    const std::string wall = run.wall_seconds ? absl::StrFormat("%.1f", *run.wall_seconds) : "-";
    std::cout << absl::StrFormat("%-*s %9d %12.2f %12.2f %s%10s  %s\n", static_cast<int>(width), run.path,
                                 run.returns.size(), report::RunningMean(run.returns, curve.options.smooth).back(),
                                 report::RunningMean(run.discounted, curve.options.smooth).back(),
                                 evaluated ? LastEvaluation(run) : "", wall, curve.grouping.OfRun(i).label);
  }
  if (evaluated) std::cout << "evaluated: discounted, of the last evaluation while training\n";
}

// One row a curve of several runs: its last point.
void PrintCurves(const report::LearningCurve& curve) {
  size_t width = 5;
  for (const report::Group& group : curve.grouping.groups) width = std::max(width, group.label.size());
  const bool several = std::any_of(curve.grouping.groups.begin(), curve.grouping.groups.end(),
                                   [](const report::Group& group) { return group.runs.size() > 1; });
  if (!several) return;
  const bool iqm = curve.options.average == report::Average::kIqm;
  std::cout << "\nends of the curves: mean +- std over runs" << (iqm ? ", and the interquartile mean" : "") << "\n";
  const bool evaluated = curve.HasEvaluations();
  std::cout << absl::StrFormat("%-*s %4s %9s %24s %24s%s%s\n", static_cast<int>(width), "curve", "runs", "episodes",
                               "return", "discounted", iqm ? "   discounted IQM" : "",
                               evaluated ? absl::StrFormat(" %24s", "evaluated") : "");
  for (size_t i = 0; i < curve.curves.size(); ++i) {
    const report::CurvePoint& end = curve.curves[i].back();
    std::cout << absl::StrFormat("%-*s %4d %9d %12.2f +- %8.2f %12.2f +- %8.2f", static_cast<int>(width),
                                 curve.grouping.groups[i].label, end.runs, end.episodes, end.returns.mean,
                                 end.returns.deviation, end.discounted.mean, end.discounted.deviation);
    if (iqm) std::cout << absl::StrFormat(" %16.2f", end.discounted.average);
    if (const report::Curve& points = curve.evaluations[i]; !points.empty())
      std::cout << absl::StrFormat(" %12.2f +- %8.2f", points.back().discounted.mean,
                                   points.back().discounted.deviation);
    std::cout << "\n";
  }
}

absl::StatusOr<report::Adaptation> MakeAdaptation(const report::LearningCurve& curve, uint32_t episodes) {
  report::Adaptation adaptation{curve.runs, curve.grouping, curve.options, {}};
  for (const report::Run& run : curve.runs) {
    std::optional<report::RewardByStep>& played = adaptation.played.emplace_back();
    if (episodes == 0) continue;
    absl::StatusOr<report::RewardByStep> rewards = report::PlayRun(run, episodes);
    if (rewards.ok()) {
      played = *std::move(rewards);
    } else {
      Notice(absl::StrCat(run.path, " is not played for --adaptation: ", rewards.status().message()));
    }
  }
  return adaptation;
}

// Figures last, so that a machine without gnuplot has everything else; it is told once. The names that were drawn.
absl::StatusOr<std::vector<std::string>> DrawAll(const std::vector<Drawing>& drawings) {
  std::vector<std::string> drawn;
  for (const Drawing& drawing : drawings) {
    const absl::Status status = drawing.draw();
    if (absl::IsNotFound(status)) {
      Notice(absl::StrCat("no figure is drawn: ", status.message()));
      return drawn;
    }
    if (!status.ok()) return status;
    drawn.push_back(drawing.name);
  }
  return drawn;
}

absl::Status WritePage(const report::LearningCurve& curve, const report::Adaptation* adaptation,
                       const std::string& out) {
  std::vector<std::string> notices;
  const std::string page = ReportPage(curve, adaptation, {}, notices);
  for (const std::string& notice : notices) Notice(notice);
  if (absl::Status status = report::WriteText(out + "/report.html", page); !status.ok()) return status;
  std::cerr << "wrote " << out << "/report.html, to be opened in a browser\n";
  return absl::OkStatus();
}

absl::Status ReadOptions(Flags& flags) {
  flags.options.average = ValueOf(kAverages, flags.average);
  flags.options.band = ValueOf(kBands, flags.band);
  report::Style& style = flags.options.style;
  style.title = !flags.no_title;
  if (!flags.size.empty()) {
    absl::StatusOr<report::Inches> size = report::ParseSize(flags.size);
    if (!size.ok()) return size.status();
    style.size = *size;
  }
  if (!flags.y_range.empty()) {
    absl::StatusOr<report::Limits> limits = report::ParseLimits(flags.y_range);
    if (!limits.ok()) return limits.status();
    style.y_range = *limits;
  }
  return absl::OkStatus();
}

absl::Status Report(Flags flags) {
  if (absl::Status status = ReadOptions(flags); !status.ok()) return status;
  if (absl::Status status = RefuseFileForFolder("--out", flags.out); !status.ok()) return status;
  std::string none;
  if (absl::Status status = bridge::BringTask(flags.brought, none); !status.ok()) return status;
  const report::Options& options = flags.options;
  absl::StatusOr<report::Selection> selection = report::SelectRuns(flags.run_directories, options.each);
  if (!selection.ok()) return selection.status();
  const std::vector<report::Run>& runs = selection->runs;
  const std::string out = !flags.out.empty() ? flags.out : runs.size() == 1 ? runs[0].path : "report";
  if (absl::Status status = report::PrepareOutput(runs, out); !status.ok()) return status;
  for (const std::string& notice : selection->notices) Notice(notice);
  report::LearningCurve curve = report::MakeLearningCurve(runs, options);
  // Figures and the page alone show it.
  if (!curve.bound && (!flags.no_figures || flags.html)) curve.bound = report::PlayedBound(runs);
  for (const std::string& notice : report::LengthNotices(runs, curve.grouping, options.go_on))
    Notice(absl::StrCat(notice, options.go_on ? "" : ": --go_on goes on with the runs that are left"));
  const report::Shown shown{.figures = !flags.no_figures, .page = flags.html};
  for (const std::optional<std::string>& notice :
       {report::SmoothingNotice(runs, options.smooth), report::OracleNotice(curve, shown, /*command=*/""),
        report::RangeNotice(curve, shown)}) {
    if (notice) Notice(*notice);
  }

  std::vector<std::string> tables = {"learning_curve", "until", "until_median"};
  if (curve.HasEvaluations()) tables.insert(tables.begin() + 1, "evaluations");
  std::vector<Drawing> drawings = {{"learning_curve", [&] { return report::DrawLearningCurve(curve, out); }}};
  if (absl::Status status = report::WriteLearningCurve(curve, out); !status.ok()) return status;
  absl::StatusOr<report::Adaptation> adaptation;
  if (flags.adaptation) {
    adaptation = MakeAdaptation(curve, flags.adaptation_episodes);
    if (absl::Status status = report::WriteAdaptation(*adaptation, out); !status.ok()) return status;
    tables.push_back("adaptation");
    drawings.push_back({"adaptation", [&] { return report::DrawAdaptation(*adaptation, out); }});
    if (report::HasTrials(*adaptation)) {
      if (absl::Status status = report::WriteTrials(*adaptation, out); !status.ok()) return status;
      tables.push_back("trials");
      drawings.push_back({"trials", [&] { return report::DrawTrials(*adaptation, out); }});
    }
  }
  std::vector<double> thresholds = flags.until;
  if (thresholds.empty()) thresholds = report::DefaultThresholds(runs[0].config.benchmark(), runs[0].config.env());
  if (absl::Status status = report::WriteUntil(runs, thresholds, out); !status.ok()) return status;
  if (absl::Status status = report::WritePhases(runs, out); !status.ok()) return status;
  PrintRuns(curve);
  PrintCurves(curve);
  if (!thresholds.empty()) std::cout << "\n" << report::UntilTable(runs, thresholds);
  if (const std::string phases = report::PhasesTable(runs); !phases.empty()) {
    std::cout << "\n" << phases;
    tables.push_back("phases");
    drawings.push_back({"phases", [&] { return report::DrawPhases(runs, options.style, out); }});
  }
  std::cout.flush();
  if (flags.html) {
    if (absl::Status status = WritePage(curve, flags.adaptation ? &*adaptation : nullptr, out); !status.ok())
      return status;
  }
  if (flags.no_figures) drawings.clear();
  const absl::StatusOr<std::vector<std::string>> drawn = DrawAll(drawings);
  if (!drawn.ok()) return drawn.status();
  std::cerr << "wrote " << out << "/" << Braced(tables) << ".csv";
  if (!drawn->empty()) {
    std::vector<std::string> figures = *drawn;
    figures.push_back("learning_curve_raw");
    std::cerr << " and " << Braced(figures) << "." << Braced(options.style.formats);
  }
  std::cerr << "\n";
  return absl::OkStatus();
}

void AddFigureFlags(CLI::App& verb, Flags& flags) {
  verb.add_flag("--no_figures", flags.no_figures, "Draw no figure: tables, CSV files and --html alone");
  AddFormatFlag(verb, flags.options.style.formats);
  verb.add_option("--size", flags.size,
                  "Size of the figures on paper, with letters of 8 pt: WIDTHxHEIGHT in cm or inches, e.g. 12x8cm or "
                  "3.5x2.5in [the size of a screen]")
      ->type_name("SIZE");
  verb.add_flag("--no_title", flags.no_title, "Figures without a title, for a page that has a caption");
  verb.add_option("--y_range", flags.y_range, "Range of the learning curves, LOW:HIGH [what is drawn]")
      ->type_name("RANGE");
}

void AddCurveFlags(CLI::App& verb, Flags& flags) {
  verb.add_flag("--each", flags.options.each, "Draw a line for each run, also if only the seed differs");
  verb.add_flag("--go_on", flags.options.go_on, "When a curve's shorter runs end, go on with the runs that are left");
  verb.add_option("--smooth", flags.options.smooth, "How many episodes the running mean is over. 1: there is none")
      ->check(CLI::Range(size_t{1}, size_t{1'000'000'000}))
      ->capture_default_str();
  verb.add_option("--average", flags.average, "How the runs of a curve are averaged: mean, or iqm (interquartile mean)")
      ->type_name("AVERAGE")
      ->check(CLI::IsMember(NamesOf(kAverages)))
      ->capture_default_str();
  verb.add_option("--band", flags.band, "The band around the average: std, sem, bootstrap (95 % interval) or none")
      ->type_name("BAND")
      ->check(CLI::IsMember(NamesOf(kBands)))
      ->capture_default_str();
}

}  // namespace

void AddReport(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("report", "Draw learning curves of one or more run directories");
  verb->footer(
      "It draws the discounted and the raw return against episodes (running mean over 1000, as in the paper), and\n"
      "writes the CSV behind them.\n"
      "Runs that differ only in the seed become one line, mean +- std. Other differences are in the line's name\n"
      "and in a column of the CSV. A run that is named twice, or is a copy of another, counts once.\n"
      "It works while a run is going on. Without gnuplot it writes all but the figures.\n"
      "Examples:  nmn report runs/b1-nmn-reference-s* runs/b1-rnn-reference-s* --out=figures --adaptation\n"
      "           nmn report sweeps/b1 --average=iqm --band=bootstrap --format=pdf --size=8.5x6cm --no_title");
  auto flags = std::make_shared<Flags>();
  verb->add_option("RUN_DIR", flags->run_directories, "Run directories of one benchmark, or folders that hold some")
      ->required();
  verb->add_option("--out", flags->out, "Folder for the files [RUN_DIR for one run, report/ for several]")
      ->type_name("DIR");
  AddCurveFlags(*verb, *flags);
  AddFigureFlags(*verb, *flags);
  verb->add_flag("--adaptation", flags->adaptation,
                 "Also draw the mean reward against the step within an episode, and the returns of trials if there are "
                 "any");
  verb->add_option("--adaptation_episodes", flags->adaptation_episodes,
                   "How many episodes each policy plays for that. 0: it plays none, and training's own are drawn")
      ->check(CLI::Range(0u, 1'000'000u))
      ->capture_default_str();
  verb->add_flag(
      "--html", flags->html,
      "Also write report.html, one file for a browser. It has curves, tables, configs, and episodes of the policies "
      "that you can play step by step");
  bridge::AddTaskFlags(*verb, flags->brought);
  verb->add_option(
          "--until", flags->until,
          "Thresholds of the mean discounted return of the last 1000 episodes. The report says what it took to "
          "reach each [the benchmark's own, or 25, 50, 75, 90 and 95 % of the way from chance to the oracle]")
      ->delimiter(',');
  verb->callback([flags, &exit_code] {
    const absl::Status status = Report(*flags);
    exit_code = status.ok() ? kExitDone : Fail("report", status);
  });
}

}  // namespace nmn::cli
