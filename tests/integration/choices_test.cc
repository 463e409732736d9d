// A task whose action is a choice: a categorical policy learns on it, and everything else works as with numbers.

#include <gmock/gmock.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <sstream>

#include "tests/integration/tiny_run.h"
#include "tests/support/python.h"
#include "tests/unit/cli/export_page.h"

namespace nmn::testing {
namespace {

constexpr int kUpdates = 40;
constexpr int kArms = 5;

std::vector<std::string> Train(const std::string& run, int updates, const std::string& actors) {
  return {Binary("nmn"),
          "train",
          "--task=bandit",
          "--set",
          "task.arms=" + std::to_string(kArms),
          "--set",
          "task.horizon=10",
          "--seed=3",
          "--updates=" + std::to_string(updates),
          actors,
          "--no_figure",
          "--metrics=off",
          "--run_dir=" + run};
}

nlohmann::json Eval(std::vector<std::string> more) {
  std::vector<std::string> arguments = {Binary("nmn"), "eval", "--episodes=2000", "--seed=5", "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Outcome played = RunProcess(arguments);
  EXPECT_EQ(played.code, 0) << played.err;
  return nlohmann::json::parse(played.out);
}

// Columns by their names, of a trace of one episode.
std::map<std::string, std::vector<double>> Trace(const std::string& policy, const std::string& file) {
  const Outcome traced = RunProcess({Binary("nmn"), "trace", "--policy=" + policy, "--episodes=1", "--out=" + file});
  EXPECT_EQ(traced.code, 0) << traced.err;
  std::istringstream lines(ReadFile(file));
  std::string line, cell;
  std::getline(lines, line);
  std::vector<std::string> names;
  for (std::istringstream header(line); std::getline(header, cell, ',');) names.push_back(cell);
  std::map<std::string, std::vector<double>> columns;
  while (std::getline(lines, line)) {
    std::istringstream row(line);
    for (const std::string& name : names) {
      std::getline(row, cell, ',');
      columns[name].push_back(std::stod(cell));
    }
  }
  return columns;
}

// A run of seconds, once for all tests.
class Choices : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TemporaryDirectory;
    const Outcome outcome = RunProcess(Train(run(), kUpdates, "--actors=1"));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
  static void TearDownTestSuite() {
    delete directory_;
    directory_ = nullptr;
  }
  static std::string run() { return directory_->path() + "/run"; }
  static std::string file(const std::string& name) { return directory_->path() + "/" + name; }

  static TemporaryDirectory* directory_;
};
TemporaryDirectory* Choices::directory_ = nullptr;

TEST_F(Choices, ThreeActorsAndAResumeGiveTheSameWeights) {
  const std::string other = file("other");
  const Outcome first = RunProcess(Train(other, 12, "--actors=3"));
  ASSERT_EQ(first.code, 0) << first.err;
  const Outcome rest = RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + other, "--actors=1",
                                   "--updates=" + std::to_string(kUpdates), "--no_figure", "--metrics=off"});
  ASSERT_EQ(rest.code, 0) << rest.err;
  EXPECT_EQ(WeightsHash(run()).size(), 64u);
  EXPECT_EQ(WeightsHash(other), WeightsHash(run()));
}

// Chance gives 5 of 10; the run's policy got 5.93, and a standard error is 0.05.
TEST_F(Choices, ThePolicyLearnsAndItsExportPlaysTheSame) {
  const nlohmann::json chance =
      Eval({"--task=bandit", "--set", "task.arms=5", "--set", "task.horizon=10", "--policy=random"});
  const nlohmann::json learnt = Eval({"--policy=" + run()});
  EXPECT_NEAR(chance["return_mean"].get<double>(), 5, 5 * chance["return_sem"].get<double>());
  EXPECT_GT(learnt["return_mean"].get<double>(), 5 + 8 * learnt["return_sem"].get<double>());
  const Outcome exported = RunProcess({Binary("nmn"), "export", run(), "--out=" + file("policy.safetensors")});
  ASSERT_EQ(exported.code, 0) << exported.err;
  EXPECT_EQ(Eval({"--policy=" + file("policy.safetensors")}), learnt);
}

TEST_F(Choices, ThePolicyPlaysNoTaskThatItsNetworkDoesNotFit) {
  for (const char* verb : {"eval", "trace"}) {
    const Outcome refused =
        RunProcess({Binary("nmn"), verb, "--policy=" + run(), "--episodes=1", "--set", "task.arms=4"});
    EXPECT_EQ(refused.code, 42);
    EXPECT_THAT(refused.err,
                ::testing::HasSubstr("task.action is discrete: 4, and " + run() + " was trained with discrete: 5"));
  }
}

TEST_F(Choices, ATraceHasIndicesAndLogits) {
  const auto trace = Trace(run(), file("trace.csv"));
  ASSERT_EQ(trace.at("u").size(), 10u);
  EXPECT_EQ(trace.at("action"), trace.at("u"));
  for (size_t t = 0; t < 10; ++t) {
    EXPECT_GE(trace.at("u")[t], 0);
    EXPECT_LT(trace.at("u")[t], kArms);
    EXPECT_EQ(trace.at("u")[t], std::floor(trace.at("u")[t]));
    EXPECT_EQ(trace.at("previous_action")[t], t == 0 ? 0 : trace.at("action")[t - 1]);
  }
  for (int arm = 0; arm < kArms; ++arm) EXPECT_EQ(trace.at("logit" + std::to_string(arm)).size(), 10u);
  EXPECT_EQ(trace.count("logit" + std::to_string(kArms)), 0u);
  EXPECT_EQ(trace.count("mean"), 0u);
}

TEST_F(Choices, ThePageOfTheExportComputesWhatTheTraceHas) {
  const std::string python = PythonWithNumpy();
  if (python.empty()) GTEST_SKIP() << "NO PYTHON WITH NUMPY: apt-get install python3-numpy";
  WriteFile(file("forward.py"), CodeOfExportPage());
  Trace(run(), file("page.csv"));
  const Outcome outcome = RunProcess({python, file("forward.py"), run() + "/policy.safetensors", file("page.csv")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::string words = "largest difference ";
  ASSERT_EQ(outcome.out.rfind(words, 0), 0u) << outcome.out;
  const double difference = std::strtod(outcome.out.c_str() + words.size(), nullptr);
  EXPECT_GT(difference, 0);
  EXPECT_LT(difference, 1e-4);
}

TEST_F(Choices, ItsMetricsHaveAnEntropyAndNoDeviation) {
  const std::vector<nlohmann::json> metrics = ReadMetrics(run());
  ASSERT_EQ(metrics.size(), static_cast<size_t>(kUpdates));
  for (const nlohmann::json& update : metrics) {
    EXPECT_TRUE(update["mean_deviation"].is_null());
    EXPECT_GT(update["entropy"].get<double>(), 0);
    EXPECT_LE(update["entropy"].get<double>(), std::log(kArms) + 1e-6);
  }
}

}  // namespace
}  // namespace nmn::testing
