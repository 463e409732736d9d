// docs/run_files.md has a row for every field and column of the files of a real run and of its report, and none for one
// that is not there.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/tiny_run.h"
#include "tests/support/python.h"

namespace nmn {
namespace {

using testing::ReadFile;
using Rows = std::multiset<std::string>;

// Names of the table under each heading "## FILE".
std::map<std::string, Rows> RowsOfThePage() {
  std::map<std::string, Rows> rows;
  std::string file;
  std::istringstream page(ReadFile("docs/run_files.md"));
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("## ", 0) == 0) file = line.substr(3);
    if (!file.empty() && line.rfind("| `", 0) == 0) rows[file].insert(line.substr(3, line.find('`', 3) - 3));
  }
  return rows;
}

// "update", "phase_seconds.policy"; what a benchmark names itself becomes the page's word for it.
void CollectFields(const nlohmann::json& object, const std::string& prefix, std::set<std::string>& fields) {
  for (const auto& [name, value] : object.items()) {
    if (value.is_object()) {
      CollectFields(value, prefix == "trials." ? "trials.TRIAL." : prefix + name + ".", fields);
    } else if (prefix == "measures.") {
      fields.insert("measures.MEASURE");
    } else if (prefix == "adaptation.") {
      fields.insert("adaptation.STEP");
    } else {
      fields.insert(prefix + name);
    }
  }
}

std::set<std::string> Columns(const std::string& csv) {
  std::set<std::string> columns;
  std::istringstream header(csv.substr(0, csv.find('\n')));
  for (std::string name; std::getline(header, name, ',');) {
    if (name == "ppo.trace_decay") name = "FIELD";
    if (name == "distance" || name == "hits") name = "MEASURE";
    columns.insert(name);
  }
  return columns;
}

// Names of the first column of the first table: "checkpoints" of `checkpoints/`.
std::set<std::string> FilesOfThePage() {
  std::istringstream page(ReadFile("docs/run_files.md"));
  std::set<std::string> files;
  for (std::string line; std::getline(page, line) && line.rfind("## ", 0) != 0;) {
    if (line.rfind("| `", 0) != 0) continue;
    std::istringstream cell(line.substr(0, line.find('|', 1)));
    std::string name;
    while (std::getline(cell, name, '`') && std::getline(cell, name, '`')) {
      if (name.back() == '/') name.pop_back();
      files.insert(name);
    }
  }
  return files;
}

TEST(RunFilesPage, HasEveryFileOfARunDirectory) {
  testing::TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  std::vector<std::string> train = testing::TinyTrain(run, 4, {"--event_log"});
  std::erase(train, "--no_figure");
  ASSERT_EQ(testing::RunProcess(std::move(train)).code, 0);
  std::set<std::string> unknown;
  const std::set<std::string> files = FilesOfThePage();
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    const std::string name = entry.path().filename().string();
    if (!files.contains(name)) unknown.insert(name);
  }
  EXPECT_THAT(unknown, ::testing::IsEmpty());
}

// A run of a task with trials and its report.
void TrainWithTrials(const std::string& python, const std::string& run, const std::string& report) {
  setenv("PYTHONPATH", "tests/unit/bridge", 1);
  setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
  std::vector<std::string> train = {testing::Binary("nmn"), "train",       "--task_python=tasks:Thrice",
                                    "--python=" + python,   "--no_figure", "--run_dir=" + run,
                                    "--updates=2",          "--actors=1"};
  for (const char* assignment : {"ppo.episodes_per_update=4", "ppo.critic.replay_episodes=4",
                                 "ppo.policy.minibatch_segments=2", "ppo.critic.minibatch_segments=2",
                                 "work.unit_episodes=4", "network.recurrent_sizes=8", "network.hidden_sizes=4"}) {
    train.push_back("--set");
    train.push_back(assignment);
  }
  const testing::Outcome trained = testing::RunProcess(std::move(train));
  ASSERT_EQ(trained.code, 0) << trained.err;
  const testing::Outcome reported = testing::RunProcess({testing::Binary("nmn"), "report", run, "--out=" + report,
                                                         "--adaptation", "--adaptation_episodes=0", "--format=svg"});
  ASSERT_EQ(reported.code, 0) << reported.err;
}

TEST(RunFilesPage, HasOneRowForEveryFieldOfARealRunAndItsReport) {
  const std::string python = testing::PythonWithNumpy();
  if (python.empty()) GTEST_SKIP() << "NO PYTHON WITH NUMPY: apt-get install python3-numpy";
  testing::TemporaryDirectory folder;
  const std::string first = folder.path() + "/first", second = folder.path() + "/second",
                    third = folder.path() + "/third";
  ASSERT_EQ(testing::RunProcess(testing::TinyTrain(first, 4)).code, 0);
  ASSERT_EQ(testing::RunProcess(testing::TinyTrain(second, 4, {"--set", "ppo.trace_decay=0.9"})).code, 0);
  // Fields that only some runs have.
  ASSERT_EQ(testing::RunProcess(
                testing::TinyTrain(
                    third, 4, {"--init_from=" + first, "--set", "eval.every_updates=2", "--set", "eval.episodes=3"}))
                .code,
            0);
  const testing::Outcome report = testing::RunProcess(
      {testing::Binary("nmn"), "report", first, second, "--out=" + folder.path() + "/report", "--adaptation",
       "--adaptation_episodes=2", "--average=iqm", "--band=bootstrap", "--format=svg"});
  ASSERT_EQ(report.code, 0) << report.err;

  ASSERT_EQ(testing::RunProcess({testing::Binary("nmn"), "report", first, second, third,
                                 "--out=" + folder.path() + "/evaluated", "--average=iqm", "--band=bootstrap",
                                 "--format=svg"})
                .code,
            0);
  const std::string fourth = folder.path() + "/fourth";
  ASSERT_NO_FATAL_FAILURE(TrainWithTrials(python, fourth, folder.path() + "/trials"));

  std::map<std::string, std::set<std::string>> written;
  for (const std::string& run : {first, third, fourth}) {
    for (const nlohmann::json& line : testing::ReadMetrics(run)) CollectFields(line, "", written["metrics.jsonl"]);
    CollectFields(testing::ReadSummary(run), "", written["summary.json"]);
  }
  written["episodes.csv"] = Columns(ReadFile(first + "/episodes.csv"));
  written["episodes.csv"].merge(Columns(ReadFile(fourth + "/episodes.csv")));
  written["trials.csv"] = Columns(ReadFile(folder.path() + "/trials/trials.csv"));
  written["trials.csv"].insert("FIELD");  // curves differ in none
  for (const char* name : {"learning_curve.csv", "adaptation.csv", "until.csv", "until_median.csv", "phases.csv"})
    written[name] = Columns(ReadFile(folder.path() + "/report/" + name));
  written["evaluations.csv"] = Columns(ReadFile(folder.path() + "/evaluated/evaluations.csv"));
  written["evaluations.csv"].erase("init_weights_sha256");  // by which third differs too

  const std::map<std::string, Rows> page = RowsOfThePage();
  EXPECT_EQ(page.size(), written.size());
  for (const auto& [file, fields] : written) {
    ASSERT_TRUE(page.contains(file)) << file;
    EXPECT_THAT(page.at(file), ::testing::ElementsAreArray(fields)) << file;
  }
}

}  // namespace
}  // namespace nmn
