// What nmn bench prints, and that the twins it compares with compute the same as ours.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/bench/benchmark.h"
#include "cli/bench/networks.h"
#include "cli/bench/timing.h"
#include "cli/bench/twin.h"
#include "cli/bench/verify.h"
#include "cli/bench/whole_update.h"
#include "cli/bench/wire.h"
#include "common/config/task.h"
#include "common/nn/denormals.h"
#include "tests/support/subprocess.h"

namespace nmn::cli::bench {
namespace {

using ::nmn::testing::Binary;
using ::nmn::testing::Outcome;
using ::nmn::testing::RunProcess;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

TEST(NmnBench, JsonIsOneObjectAloneOnStdout) {
  const Outcome outcome =
      RunProcess({Binary("nmn"), "bench", "--json", "--filter=^environment/b1$|^backward/b1/critic$"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_NE(json.at("machine").at("cpu"), "");
  EXPECT_GT(json.at("machine").at("cores"), 0);
  EXPECT_TRUE(json.at("machine").at("openblas_environment").is_array());
  EXPECT_GT(json.at("ceiling_gflops"), 1);
  EXPECT_TRUE(json.contains("openblas_gflops"));
  ASSERT_EQ(json.at("results").size(), 2);
  const auto& environment = json.at("results")[0];
  EXPECT_EQ(environment.at("name"), "environment/b1");
  EXPECT_EQ(environment.at("unit"), "env-steps/s");
  EXPECT_GT(environment.at("value"), 1e5);
  EXPECT_EQ(environment.at("gflops"), 0);
  EXPECT_TRUE(environment.at("lanes").is_number_integer());
  EXPECT_FALSE(environment.contains("ceiling_fraction"));
  EXPECT_FALSE(environment.contains("twin_ratio"));
  const auto& backward = json.at("results")[1];
  EXPECT_EQ(backward.at("unit"), "sample-passes/s");
  EXPECT_GT(backward.at("twin_ratio"), 0);
  const double flop = 6.0 * 9321;  // docs/specification.md section 2.6: the critic's parameters
  EXPECT_NEAR(backward.at("gflops"), backward.at("value").get<double>() * flop * 1e-9, 1e-6);
  EXPECT_NEAR(backward.at("ceiling_fraction"),
              backward.at("gflops").get<double>() / json.at("ceiling_gflops").get<double>(), 1e-6);
}

TEST(NmnBench, TheTableShowsTheWireInEachWay) {
  const Outcome outcome = RunProcess({Binary("nmn"), "bench", "--filter=^wire/"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, ::testing::ContainsRegex("wire/in_process .* bytes/s"));
  EXPECT_THAT(outcome.out, ::testing::ContainsRegex("wire/tcp .* bytes/s"));
  EXPECT_THAT(outcome.out, ::testing::ContainsRegex("wire/tls .* bytes/s"));
}

TEST(NmnBench, AFilterThatMatchesNothingNamesWhatThereIs) {
  const Outcome outcome = RunProcess({Binary("nmn"), "bench", "--filter=nosuch", "--json"});
  EXPECT_EQ(outcome.code, 42);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("actor_loop/b1/preset"));
}

TEST(NmnBench, AFilterThatIsNoExpressionIsNamed) {
  const Outcome outcome = RunProcess({Binary("nmn"), "bench", "--filter=("});
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("--filter=( is no regular expression"));
}

// An engine that tries all ways would need more than the age of the universe, or more stack than there is.
TEST(NmnBench, AnExpressionThatNobodyCanMatchQuicklyEndsAtOnce) {
  const Outcome slow = RunProcess({Binary("nmn"), "bench", "--filter=(((((((a*)*)*)*)*)*)*)*$x"});
  EXPECT_EQ(slow.code, 42);
  EXPECT_THAT(slow.err, HasSubstr("matches nothing"));
  const Outcome deep =
      RunProcess({Binary("nmn"), "bench", "--filter=" + std::string(20000, '(') + "q" + std::string(20000, ')')});
  EXPECT_EQ(deep.code, 42);
}

TEST(BenchRegistry, HasEveryName) {
  std::vector<std::string> names, expected = {"wire/in_process", "wire/tcp", "wire/tls", "threads/2"};
  for (const Benchmark& benchmark : AllBenchmarks()) names.push_back(benchmark.name);
  for (const std::string b : {"b1", "b2", "b3"}) {
    for (const std::string& name :
         {"environment/" + b, "forward/" + b, "actor_loop/" + b, "actor_loop/" + b + "/preset",
          "backward/" + b + "/policy", "backward/" + b + "/critic", "update/" + b})
      expected.push_back(name);
  }
  EXPECT_THAT(names, UnorderedElementsAreArray(expected));
}

TEST(BenchInterleave, EveryPassRunsOnceARound) {
  std::string order;
  const std::vector<Pass> passes = {[&] { return order += "a", absl::OkStatus(); },
                                    [&] { return order += "b", absl::OkStatus(); }};
  const auto seconds = Interleave(passes, {.least = 3, .budget_seconds = 0});
  ASSERT_TRUE(seconds.ok());
  EXPECT_THAT(*seconds, ElementsAre(::testing::Ge(0), ::testing::Ge(0)));
  EXPECT_EQ(order, "ababab");
}

TEST(BenchInterleave, TheFirstFailureEndsIt) {
  const std::vector<Pass> passes = {[] { return absl::DataLossError("broken"); }};
  EXPECT_EQ(Interleave(passes, {}).status().message(), "broken");
}

// 400 updates are about 24 TFLOP, the rollout and forward passes included.
TEST(BenchUpdateFlop, IsThatOfB1sBudget) { EXPECT_NEAR(400e-12 * UpdateFlop(ReferenceConfig("b1")), 24.0, 0.5); }

TEST(BenchUpdateFlop, FollowsTheConfigsOwnNetwork) {
  v1::RunConfig config = ReferenceConfig("b1");
  config.mutable_network()->set_recurrent_sizes(0, 570);  // 993 k parameters instead of 9.3 k
  EXPECT_NEAR(UpdateFlop(config) / UpdateFlop(ReferenceConfig("b1")), 106, 2);
}

TEST(BenchUpdateFlop, IsProportionalToEpisodes) {
  const v1::RunConfig config = ReferenceConfig("b2");
  EXPECT_NEAR(UpdateFlop(WithEpisodes(config, 5)) / UpdateFlop(config), 0.1, 1e-9);
}

// A run whose budget is over collects nothing more: the batches of the first updates would be shown again, at once.
TEST(BenchWire, CountsWhatArrivesBeyondTheBudgetOfTheConfig) {
  v1::RunConfig config = ReferenceConfig("b1");
  config.mutable_env()->set_horizon(400);
  config::ResolveTask(config);
  config.mutable_budget()->set_updates(3);
  for (const Transport transport : {Transport::kInProcess, Transport::kTcp, Transport::kTls}) {
    const auto result =
        MeasureWire("wire", transport, config, {.least = 10, .budget_seconds = 0, .clock = Clock::kWall});
    ASSERT_TRUE(result.ok()) << result.status();
    const std::map<std::string, double> with(result->conditions.begin(), result->conditions.end());
    EXPECT_EQ(with.at("update_bytes"), 6 * 4 * 400 * 50);
    EXPECT_EQ(with.at("updates"), 15);
    EXPECT_EQ(with.at("received_bytes"), 15 * with.at("update_bytes"));
    EXPECT_EQ(with.count("times_tcp"), transport == Transport::kTls ? 1u : 0u);
    EXPECT_TRUE(CheckPossible(*result, {}).ok());
  }
}

TEST(BenchCheckWritten, RefusesWhatAPassDidNotWrite) {
  std::vector<float> results = {1, 2, 3};
  EXPECT_TRUE(CheckWritten("row", results).ok());
  Forget(results);
  EXPECT_THAT(std::string(CheckWritten("row", results).message()), HasSubstr("row: "));
  results[0] = results[1] = 0;
  EXPECT_FALSE(CheckWritten("row", results).ok());
  results[2] = 0;
  EXPECT_FALSE(CheckWritten("row", results).ok());
}

TEST(BenchCheckPossible, RefusesWhatIsAboveACeiling) {
  const Context context{.ceiling_gflops = 100};
  const Result good{.name = "row", .value = 1e9, .unit = "bytes/s", .gflops = 99, .at_most = 2e9};
  EXPECT_TRUE(CheckPossible(good, context).ok());
  Result bad = good;
  bad.value = 36e9;
  EXPECT_THAT(std::string(CheckPossible(bad, context).message()), HasSubstr("row: 3.6e+10 bytes/s is more than"));
  bad = good;
  bad.gflops = 150;
  EXPECT_FALSE(CheckPossible(bad, context).ok());
  bad.threads = 2;
  EXPECT_TRUE(CheckPossible(bad, context).ok());
  bad.value = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(CheckPossible(bad, context).ok());
}

class Twin : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Benchmarks, Twin, ::testing::ValuesIn(BenchmarkNames()),
                         [](const auto& info) { return info.param; });

TEST_P(Twin, ForwardIsOurs) {
  constexpr size_t kLanes = 5;
  const nn::ScopedFlushDenormals flush;
  for (const nn::Role role : {nn::Role::kActor, nn::Role::kCritic}) {
    const nn::NetworkSpec spec = ReferenceSpec(GetParam(), role);
    const auto ours = nn::PolicyForward::Create(spec, kLanes).value();
    const auto twin = MakeTwinForward(spec).value();
    std::vector<float> our_output(spec.output_size * kLanes), twin_output(our_output.size());
    for (nn::PolicyForward* forward : {ours.get(), twin.get()}) {
      forward->SetParameters(Normals(spec.parameter_count, 0.2f, 1));
      forward->Reset(kLanes);
    }
    for (uint32_t t = 0; t < 20; ++t) {
      const std::vector<float> input =
          Normals((spec.action_size + 1 + 2 * spec.observation_size) * kLanes, 1.0f, 2 + t);
      const ConstView2 action(&input[0], spec.action_size, kLanes);
      const float* reward = &input[spec.action_size * kLanes];
      const ConstView2 x(reward + kLanes, spec.observation_size, kLanes);
      const ConstView2 previous(x.data + spec.observation_size * kLanes, spec.observation_size, kLanes);
      ours->Step({x, action, reward, previous}, View2(our_output.data(), spec.output_size, kLanes));
      twin->Step({x, action, reward, previous}, View2(twin_output.data(), spec.output_size, kLanes));
      for (size_t i = 0; i < our_output.size(); ++i) ASSERT_NEAR(twin_output[i], our_output[i], 1e-4) << t << " " << i;
    }
    const ConstView2 state = ours->state(), twin_state = twin->state();
    for (size_t i = 0; i < state.rows * kLanes; ++i) ASSERT_NEAR(twin_state.data[i], state.data[i], 1e-4);
    const ConstView2 signal = ours->signal(), twin_signal = twin->signal();
    for (size_t i = 0; i < signal.rows * kLanes; ++i) ASSERT_NEAR(twin_signal.data[i], signal.data[i], 1e-4);
  }
}

TEST(BenchTwin, RefusesANetworkItDoesNotCompute) {
  nn::NetworkSpec spec = ReferenceSpec("b1", nn::Role::kActor);
  spec.options.set_signal_lag(true);
  EXPECT_EQ(MakeTwinForward(spec).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace nmn::cli::bench
