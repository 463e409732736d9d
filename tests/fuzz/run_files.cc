// Files of a run directory, as reports and sweeps read them.

#include <stdlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "cli/report/run.h"
#include "cli/sweep/run_state.h"
#include "common/config/config.h"
#include "tests/fuzz/target.h"

namespace nmn::fuzz {
namespace {

constexpr std::string_view kNextFile = "\n----\n";
constexpr const char* kFiles[] = {"episodes.csv", "metrics.jsonl", "summary.json", "exit"};

// A sweep of one run, in memory where that is possible. Removed at the end.
class Directory {
 public:
  Directory() {
    std::string name = std::filesystem::exists("/dev/shm") ? "/dev/shm/nmn-fuzz-XXXXXX" : "/tmp/nmn-fuzz-XXXXXX";
    Require(mkdtemp(name.data()) != nullptr, "a temporary directory can be made");
    sweep_.path = name;
    sweep_.runs.push_back({.name = "run", .values = {}, .config = *config::Preset("fast", "b1", "nmn")});
    std::filesystem::create_directories(run());
    std::filesystem::create_directories(name + "/logs");
    std::ofstream(run() + "/config.textproto") << config::Print(sweep_.runs[0].config);
  }
  ~Directory() {
    std::error_code error;
    std::filesystem::remove_all(sweep_.path, error);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  std::string run() const { return sweep_.RunPath(sweep_.runs[0]); }
  const sweep::SweepDirectory& sweep() const { return sweep_; }

  void Put(const std::string& file, std::string_view content) const {
    std::ofstream(file == "exit" ? sweep_.ExitPath(sweep_.runs[0]) : run() + "/" + file, std::ios::binary) << content;
  }

 private:
  sweep::SweepDirectory sweep_;
};

}  // namespace

void ReadRunFiles(std::string_view input) {
  static const Directory directory;
  for (const char* file : kFiles) {
    const size_t end = input.find(kNextFile);
    directory.Put(file, input.substr(0, end == std::string_view::npos ? end : end + 1));
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + kNextFile.size());
  }
  const absl::StatusOr<report::Run> run = report::ReadRun(directory.run());
  if (run.ok()) {
    Require(run->returns.size() == run->discounted.size(), "each episode has both returns");
    for (const report::Evaluation& evaluation : run->evaluations)
      Require(std::isfinite(evaluation.return_mean), "an evaluation has numbers");
  }
  const std::vector<sweep::RunState> states = sweep::ReadStates(directory.sweep());
  Require(states.size() == 1, "each run of a sweep has a state");
}

}  // namespace nmn::fuzz
