// nmn bench: how fast this machine runs the program, beside the core's ceiling and LibTorch.

#include <re2/re2.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/bench/benchmark.h"
#include "cli/bench/output.h"
#include "cli/bench/twin.h"
#include "cli/bench/verify.h"
#include "cli/fail.h"
#include "cli/verbs.h"
#include "common/cpu/peak.h"
#include "common/process/program.h"

namespace nmn::cli {
namespace {

constexpr size_t kOwnThreads = 4;  // an actor and its worker, the learner's timer, acceptance of connections

// INVALID_ARGUMENT, with the names there are, if nothing matches.
absl::StatusOr<std::vector<bench::Benchmark>> Choose(const std::string& filter) {
  const RE2 expression(filter, RE2::Quiet);  // in time that is linear in the name, whatever the expression
  if (!expression.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--filter=", filter, " is no regular expression: ", expression.error()));
  }
  std::vector<bench::Benchmark> chosen;
  std::vector<std::string> names;
  for (bench::Benchmark& benchmark : bench::AllBenchmarks()) {
    names.push_back(benchmark.name);
    if (RE2::PartialMatch(benchmark.name, expression)) chosen.push_back(std::move(benchmark));
  }
  if (!chosen.empty()) return chosen;
  return absl::InvalidArgumentError(
      absl::StrCat("--filter=", filter, " matches nothing; there are ", absl::StrJoin(names, ", ")));
}

int Bench(const std::string& filter, bool json) {
  const absl::StatusOr<std::vector<bench::Benchmark>> chosen = Choose(filter);
  if (!chosen.ok()) return Fail("bench", chosen.status());
  if (absl::Status status = process::CheckRoomToTrain(kOwnThreads); !status.ok()) return Fail("bench", status);
  bench::PinTwins();
  bench::Report report;
  report.machine = bench::DescribeMachine();
  report.ceiling_gflops = cpu::PeakGflops();
  report.openblas_gflops = bench::OpenBlasGflops();
  const bench::Context context{report.ceiling_gflops};
  for (size_t i = 0; i < chosen->size(); ++i) {
    std::cerr << "[" << i + 1 << "/" << chosen->size() << "] " << (*chosen)[i].name << std::endl;
    const absl::StatusOr<bench::Result> result = (*chosen)[i].run(context);
    if (!result.ok()) return Fail("bench", result.status());
    if (absl::Status status = bench::CheckPossible(*result, context); !status.ok()) return Fail("bench", status);
    report.results.push_back(*result);
  }
  std::cout << (json ? bench::ToJson(report) + "\n" : bench::ToTable(report));
  return kExitDone;
}

}  // namespace

void AddBench(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("bench", "Measure the hot loops here, beside the core's ceiling and LibTorch");
  struct Flags {
    std::string filter;
    bool json = false;
  };
  const auto flags = std::make_shared<Flags>();
  verb->add_option("--filter", flags->filter,
                   "run only the rows whose name this regular expression is found in, e.g. 'b1$' or ^wire")
      ->type_name("REGEX");
  verb->add_flag("--json", flags->json, "one JSON object on stdout");
  verb->footer(
      "Networks are those of preset reference. `ceiling` is the share of the multiply-add rate of one core, which is\n"
      "measured in the same run. `twin` is our rate over that of LibTorch doing the same work; the two run in turn.\n"
      "It takes a few minutes. Close other programs first.\n"
      "Example:  nmn bench --filter=actor_loop");
  verb->callback([flags, &exit_code] { exit_code = Bench(flags->filter, flags->json); });
}

}  // namespace nmn::cli
