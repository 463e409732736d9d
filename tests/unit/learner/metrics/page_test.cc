// docs/metrics.md has a row for every metric of a learner and an actor, and none for one that is not there.

#include <gmock/gmock.h>

#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "actor/actor_metrics.h"
#include "common/config/config.h"
#include "common/metrics/exporter.h"
#include "learner/metrics/learner_metrics.h"
#include "tests/support/subprocess.h"

namespace nmn {
namespace {

// A learner's and an actor's metrics, as their processes serve them, in one text.
std::string Everything() {
  const auto exporter = *metrics::Exporter::Start({.address = "127.0.0.1:0"});
  v1::RunConfig config = *config::Preset("reference", "b1", "nmn");
  config.mutable_task()->set_has_trials(true);
  const metrics::LearnerMetrics learner(*exporter, config, "run");
  const actor::ActorMetrics actor(exporter->registry());
  return exporter->Text();
}

// "name type label label", the labels in alphabetical order.
std::string Row(const std::string& name, const std::string& type, const std::set<std::string>& labels) {
  std::string row = name + " " + type;
  for (const std::string& label : labels) row += " " + label;
  return row;
}

std::vector<std::string> All(const std::string& text, const std::regex& pattern) {
  std::vector<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match)
    found.push_back((*match)[1]);
  return found;
}

std::set<std::string> RowsServed(const std::string& text) {
  std::map<std::string, std::string> types;
  std::map<std::string, std::set<std::string>> labels;
  std::string name;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, keyword, type;
    if (line.rfind("# TYPE ", 0) == 0) {
      words >> hash >> keyword >> name >> type;
      types[name] = type;
    } else if (line[0] != '#') {
      for (const std::string& label : All(line, std::regex("([a-z_]+)=\""))) {
        if (label != "le") labels[name].insert(label);
      }
    }
  }
  std::set<std::string> rows;
  for (const auto& [metric, type] : types) rows.insert(Row(metric, type, labels[metric]));
  return rows;
}

std::multiset<std::string> RowsOfThePage() {
  std::multiset<std::string> rows;
  std::istringstream page(testing::ReadFile("docs/metrics.md"));
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("| `", 0) != 0) continue;
    std::vector<std::string> cells;
    std::istringstream rest(line.substr(1));
    for (std::string cell; std::getline(rest, cell, '|');) cells.push_back(cell);
    const std::vector<std::string> labels = All(cells[3], std::regex("`([^`]*)`"));
    rows.insert(Row(All(cells[0], std::regex("`([^`]*)`"))[0], All(cells[1], std::regex("([a-z]+)"))[0],
                    {labels.begin(), labels.end()}));
  }
  return rows;
}

TEST(MetricsPage, HasOneRowForEveryMetricWithItsTypeAndLabels) {
  EXPECT_THAT(RowsOfThePage(), ::testing::ElementsAreArray(RowsServed(Everything())));
}

// https://prometheus.io/docs/practices/naming: what promtool does not look at.
TEST(Metrics, HaveNamesOfOurOwnAndNoLabelWithoutBound) {
  const std::set<std::string> bounded = {"version", "commit", "rounding_class", "run",    "benchmark", "arch",
                                         "preset",  "seed",   "step",           "phase",  "method",    "code",
                                         "verdict", "trial",  "outcome",        "reason", "limit"};
  for (const std::string& row : RowsServed(Everything())) {
    EXPECT_TRUE(std::regex_match(row, std::regex("(nmn|process)_[a-z_]+ .*"))) << row;
    std::istringstream words(row);
    std::string name, type;
    words >> name >> type;
    EXPECT_EQ(type == "counter", name.ends_with("_total")) << row;
    for (std::string label; words >> label;) EXPECT_TRUE(bounded.contains(label)) << row;
  }
}

}  // namespace
}  // namespace nmn
