#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/network_policy.h"
#include "common/digest/sha256.h"
#include "common/fs/file_system.h"
#include "common/safetensors/safetensors.h"
#include "tests/support/subprocess.h"
#include "tests/unit/cli/policy_fixture.h"

namespace nmn::cli {
namespace {

using ::nmn::testing::Binary;
using ::nmn::testing::Outcome;
using ::nmn::testing::RunProcess;
using ::testing::HasSubstr;

TEST(NmnExport, KeepsEveryTensorAndTheConfigOfARunDirectory) {
  testing::TemporaryDirectory folder;
  const NetworkPolicy policy = MakePolicy("paper", "b2", "nmn");
  testing::WriteFile(folder.path() + "/policy.safetensors", Encode(policy));
  const std::string out = folder.path() + "/out.safetensors";
  const Outcome outcome = RunProcess({Binary("nmn"), "export", folder.path(), "--out=" + out});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, WeightsSha256(policy.weights) + "\n");
  const NetworkPolicy read = LoadNetworkPolicy(fs::RealFileSystem(), out).value();
  EXPECT_EQ(read.weights, policy.weights);
  EXPECT_EQ(read.actor, policy.actor);
  EXPECT_EQ(read.update, 7u);
  EXPECT_EQ(config::Print(read.config), config::Print(policy.config));
}

TEST(LoadNetworkPolicy, AnEmptyDirectoryIsNoRun) {
  testing::TemporaryDirectory folder;
  const absl::Status status = LoadNetworkPolicy(fs::RealFileSystem(), folder.path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("is it a run directory?"));
}

TEST(LoadNetworkPolicy, ATensorThatDoesNotFitTheConfigIsNamed) {
  testing::TemporaryDirectory folder;
  NetworkPolicy policy = MakePolicy("reference", "b1", "rnn");
  std::swap(policy.weights[0], policy.weights[1]);
  const std::string file = folder.path() + "/swapped.safetensors";
  testing::WriteFile(file, Encode(policy));
  const absl::Status status = LoadNetworkPolicy(fs::RealFileSystem(), file).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("expected tensor actor.gru0.w_input [3, 150]"));
}

TEST(LoadNetworkPolicy, AFileOfAnotherProgramHasNoConfig) {
  testing::TemporaryDirectory folder;
  const std::string file = folder.path() + "/other.safetensors";
  testing::WriteFile(file, EncodeSafetensors({{"a", {1}, {0}}}, {}));
  EXPECT_THAT(std::string(LoadNetworkPolicy(fs::RealFileSystem(), file).status().message()),
              HasSubstr("no config in its metadata"));
}

// The first Python that has numpy; empty where there is none.
std::string PythonWithNumpy() {
  for (const char* python : {"/usr/bin/python3", "/usr/local/bin/python3"}) {
    if (std::filesystem::exists(python) && RunProcess({python, "-c", "import numpy"}).code == 0) return python;
  }
  return "";
}

// The page's own code block.
std::string CodeOfThePage() {
  const std::string page = testing::ReadFile("docs/export.md");
  const std::string fence = "```python\n";
  const size_t begin = page.find(fence) + fence.size();
  return page.substr(begin, page.find("\n```", begin) + 1 - begin);
}

TEST(ExportPage, CodeIsAtMost60Lines) {
  const std::string code = CodeOfThePage();
  ASSERT_THAT(code, HasSubstr("import numpy"));
  EXPECT_LE(std::count(code.begin(), code.end(), '\n'), 60);
}

struct PageCase {
  const char* preset;
  const char* benchmark;
  const char* architecture;
  std::vector<std::string> assignments;
};

class ExportPageForward : public ::testing::TestWithParam<PageCase> {};

TEST_P(ExportPageForward, ComputesWhatTheProgramTraces) {
  const std::string python = PythonWithNumpy();
  if (python.empty()) GTEST_SKIP() << "NO PYTHON WITH NUMPY: apt-get install python3-numpy";
  const PageCase& c = GetParam();
  testing::TemporaryDirectory folder;
  const std::string policy = folder.path() + "/policy.safetensors", trace = folder.path() + "/trace.csv",
                    script = folder.path() + "/forward.py";
  std::vector<std::string> assignments = c.assignments;
  assignments.push_back("env.horizon=60");
  testing::WriteFile(policy, Encode(MakePolicy(c.preset, c.benchmark, c.architecture, assignments)));
  testing::WriteFile(script, CodeOfThePage());
  const Outcome traced = RunProcess({Binary("nmn"), "trace", "--policy=" + policy, "--episodes=2", "--csv=" + trace});
  ASSERT_EQ(traced.code, 0) << traced.err;
  const Outcome outcome = RunProcess({python, script, policy, trace});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::string words = "largest difference ";
  ASSERT_EQ(outcome.out.rfind(words, 0), 0u) << outcome.out;
  const double difference = std::strtod(outcome.out.c_str() + words.size(), nullptr);
  EXPECT_GT(difference, 0);  // float64 beside float32: equality would mean that nothing was compared
  EXPECT_LT(difference, 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Networks, ExportPageForward,
                         ::testing::Values(PageCase{"reference", "b1", "nmn", {}}, PageCase{"paper", "b2", "nmn", {}},
                                           PageCase{"reference", "b3", "rnn", {}},
                                           PageCase{"reference",
                                                    "b3",
                                                    "nmn",
                                                    {"network.signal_lag=true", "network.signal_activation=tanh",
                                                     "network.main_activation=sigmoid"}}),
                         [](const auto& info) {
                           return std::string(info.param.preset) + info.param.benchmark + info.param.architecture;
                         });

}  // namespace
}  // namespace nmn::cli
