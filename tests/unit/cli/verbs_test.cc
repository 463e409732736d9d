// The verbs as real processes: what a person types, and what a script reads.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/subprocess.h"
#include "tests/unit/cli/run_fixture.h"

namespace nmn::cli {
namespace {

using ::nmn::testing::Binary;
using ::nmn::testing::Outcome;
using ::nmn::testing::RunProcess;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Outcome Nmn(std::vector<std::string> arguments, std::vector<std::string> environment = {}) {
  arguments.insert(arguments.begin(), Binary("nmn"));
  return RunProcess(std::move(arguments), std::chrono::seconds(60), std::move(environment));
}

void ExpectOneLineError(const Outcome& outcome, const std::string& words) {
  EXPECT_EQ(outcome.code, 42);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr(words));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

TEST(Nmn, SaysItsVersionAndCommit) {
  const Outcome outcome = Nmn({"--version"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, ::testing::MatchesRegex("nmn [0-9.]+ \\([0-9a-z-]+\\)\n"));
}

TEST(Nmn, AnUnknownVerbIsNamed) { ExpectOneLineError(Nmn({"evaluate"}), "unknown: evaluate"); }

TEST(Nmn, AnUnknownFlagIsNamed) {
  ExpectOneLineError(Nmn({"version", "--jsonn"}), "nmn version: ");
  ExpectOneLineError(Nmn({"version", "--jsonn"}), "--jsonn");
  ExpectOneLineError(Nmn({"report", "--outt=x"}), "--outt=x");
}

TEST(Nmn, AMissingVerbSaysWhereToRead) { ExpectOneLineError(Nmn({}), "see nmn --help"); }

TEST(NmnVersion, PrintsOneJsonObjectWithTheBlasThatIsLoaded) {
  const Outcome outcome = Nmn({"version", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_TRUE(json.at("products_correct").get<bool>());
  for (const char* name :
       {"commit", "grpc", "protobuf", "libtorch", "abseil", "highway", "openssl", "simd_target", "blas"}) {
    EXPECT_NE(json.at(name), "") << name;
  }
}

TEST(NmnVersion, AFlagCanComeFromTheEnvironment) { EXPECT_THAT(Nmn({"version"}, {"NMN_JSON=1"}).out, StartsWith("{")); }

TEST(NmnVersion, ShowsTheVariablesThatRuleOpenBlas) {
  const Outcome outcome = Nmn({"version"}, {"OPENBLAS_NUM_THREADS=1"});
  EXPECT_THAT(outcome.out, HasSubstr("OPENBLAS_NUM_THREADS=1"));
}

TEST(NmnStatus, WithoutALearnerMayWorkLater) {
  const Outcome outcome = Nmn({"status", "127.0.0.1:1"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("no learner answers at 127.0.0.1:1"));
}

TEST(NmnStatus, AMalformedAddressIsPermanent) { ExpectOneLineError(Nmn({"status", "nowhere"}), "nowhere"); }

TEST(NmnReport, DrawsIntoTheRunDirectoryAndPrintsATable) {
  testing::TemporaryDirectory folder;
  const std::string run = MakeRun(folder, "a", 1, 4, 0);
  const Outcome outcome = Nmn({"report", run, "--adaptation"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("1.50         0.75       12.5"));
  EXPECT_THAT(testing::ReadFile(run + "/learning_curve.png"), StartsWith("\x89PNG"));
  EXPECT_THAT(testing::ReadFile(run + "/adaptation.svg"), HasSubstr("<svg"));
}

TEST(NmnReport, AFolderThatIsNoRunIsNamed) {
  testing::TemporaryDirectory folder;
  ExpectOneLineError(Nmn({"report", folder.path()}), folder.path() + " is no run directory");
}

}  // namespace
}  // namespace nmn::cli
