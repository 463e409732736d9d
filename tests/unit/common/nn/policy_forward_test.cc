#include "common/nn/policy_forward.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/nn/gaussian_head.h"
#include "common/nn/plain_forward.h"
#include "common/rng/philox.h"
#include "tests/unit/common/nn/options.h"
#include "tests/unit/common/nn/reference_forward.h"
#include "tests/unit/common/nn/targets.h"

namespace nmn::nn {
namespace {

// Parameters larger than initial ones, with biases, so that every nonlinearity is in use.
std::vector<float> TrainedParameters(const NetworkSpec& spec) {
  std::vector<float> parameters(spec.parameter_count);
  for (uint32_t i = 0; i < parameters.size(); ++i) parameters[i] = rng::TruncatedNormal(5, 999, i, 0.2f);
  return parameters;
}

// Inputs of step t as an environment would give them: x of order 1, actions to 20, rewards to -20. Indices:
// [feature][lane].
float Input(uint32_t step, uint32_t feature, uint32_t episode) {
  const rng::Block block = rng::Draw({.seed = 3, .episode = episode, .step = step}, rng::Purpose::kPosition, feature);
  return rng::Uniform(block[0], feature == 0 ? -20.0f : feature == 1 ? -20.0f : -5.0f, feature == 1 ? 10.0f : 5.0f);
}

// Number i of the action that is fed back at that step.
float ActionInput(uint32_t step, uint32_t i, uint32_t episode) { return Input(step, i == 0 ? 0 : 100 + i, episode); }

// What a network gave over some steps: [step][row][lane].
struct Played {
  std::vector<std::vector<std::vector<float>>> output, signal, state;
};

std::vector<std::vector<float>> Rows(ConstView2 view) {
  std::vector<std::vector<float>> rows;
  for (size_t r = 0; r < view.rows; ++r) rows.emplace_back(view.row(r), view.row(r) + view.columns);
  return rows;
}

// Lane i plays episode first_episode + i.
Played Play(const NetworkSpec& spec, std::span<const float> parameters, uint32_t first_episode, size_t lanes,
            uint32_t steps, size_t max_lanes = 200, std::unique_ptr<PolicyForward> forward = nullptr) {
  if (forward == nullptr) forward = PolicyForward::Create(spec, max_lanes).value();
  forward->SetParameters(parameters);
  forward->Reset(lanes);
  const size_t n = spec.observation_size, m = spec.action_size;
  std::vector<float> x(n * lanes), previous_x(n * lanes), action(m * lanes), reward(lanes),
      output(spec.output_size * lanes);
  Played played;
  for (uint32_t t = 0; t < steps; ++t) {
    for (uint32_t lane = 0; lane < lanes; ++lane) {
      const uint32_t episode = first_episode + lane;
      for (uint32_t i = 0; i < m; ++i) action[i * lanes + lane] = t == 0 ? 0 : ActionInput(t, i, episode);
      reward[lane] = t == 0 ? 0 : Input(t, 1, episode);
      for (uint32_t f = 0; f < n; ++f) {
        x[f * lanes + lane] = Input(t, 2 + f, episode);
        previous_x[f * lanes + lane] = t == 0 ? 0 : Input(t - 1, 2 + f, episode);
      }
    }
    forward->Step({{x.data(), n, lanes}, {action.data(), m, lanes}, reward.data(), {previous_x.data(), n, lanes}},
                  {output.data(), spec.output_size, lanes});
    played.output.push_back(Rows({output.data(), spec.output_size, lanes}));
    played.signal.push_back(Rows(forward->signal()));
    played.state.push_back(Rows(forward->state()));
  }
  return played;
}

void ExpectRowsNear(const std::vector<std::vector<float>>& rows, size_t lane, const std::vector<double>& expected) {
  ASSERT_EQ(rows.size(), expected.size());
  for (size_t r = 0; r < rows.size(); ++r) {
    ASSERT_NEAR(rows[r][lane], expected[r], 1e-5 * std::max(1.0, std::abs(expected[r]))) << "row " << r;
  }
}

void ExpectAgreesWithReference(const v1::NetworkOptions& options, Role role, uint32_t observation_size,
                               const v1::ActionSpace& action = BoxOf(1)) {
  SCOPED_TRACE(options.ShortDebugString());
  const NetworkSpec spec = MakeNetworkSpec(options, role, observation_size, action).value();
  const std::vector<float> parameters = TrainedParameters(spec);
  const size_t lanes = 2, steps = 6, n = observation_size;
  const Played played = Play(spec, parameters, 0, lanes, steps);
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    ReferenceForward reference(spec, parameters);
    std::vector<double> previous(n, 0.0);
    for (uint32_t t = 0; t < steps; ++t) {
      std::vector<double> x;
      for (uint32_t f = 0; f < n; ++f) x.push_back(Input(t, 2 + f, lane));
      std::vector<double> fed_back;
      for (uint32_t i = 0; i < spec.action_size; ++i) fed_back.push_back(t == 0 ? 0 : ActionInput(t, i, lane));
      const auto expected = reference.Step(x, fed_back, t == 0 ? 0 : Input(t, 1, lane), previous);
      ASSERT_NO_FATAL_FAILURE(ExpectRowsNear(played.output[t], lane, expected)) << "step " << t;
      ASSERT_NO_FATAL_FAILURE(ExpectRowsNear(played.signal[t], lane, reference.signal())) << "z, step " << t;
      ASSERT_NO_FATAL_FAILURE(ExpectRowsNear(played.state[t], lane, reference.state())) << "state, step " << t;
      previous = x;
    }
  }
}

TEST(NmnPaperSection2, AgreesWithTheEquationsForEveryOptionAndBenchmark) {
  for (int benchmark : {1, 2, 3}) {
    for (v1::Formula formula : {v1::FORMULA_PAPER, v1::FORMULA_REFERENCE}) {
      for (v1::SignalWiring wiring : {v1::SHARED, v1::PER_LAYER}) {
        for (v1::Activation signal : {v1::RELU, v1::TANH, v1::SIGMOID, v1::IDENTITY, v1::SATURATED_RELU}) {
          for (v1::Activation main : {v1::SATURATED_RELU, v1::SIGMOID}) {
            for (bool lag : {false, true}) {
              v1::NetworkOptions options = Nmn(benchmark, formula, wiring, benchmark == 1 ? 20 : 45);
              options.set_signal_activation(signal);
              options.set_main_activation(main);
              options.set_signal_lag(lag);
              const Role role = lag ? Role::kCritic : Role::kActor;
              ASSERT_NO_FATAL_FAILURE(ExpectAgreesWithReference(options, role, ObservationSize(benchmark)));
            }
          }
        }
      }
    }
  }
}

TEST(NmnPaperSection2, AgreesWithTheEquationsForEveryCell) {
  for (v1::Cell cell : {v1::LSTM, v1::PLASTIC, v1::MODULATED_PLASTIC}) {
    for (int benchmark : {1, 3}) {
      for (v1::NetworkOptions options : {ReferenceNmn(benchmark), PaperNmn(benchmark), Rnn(benchmark)}) {
        options.set_cell(cell);
        options.clear_recurrent_sizes();  // a trace is the square of its units
        options.add_recurrent_sizes(9);
        if (benchmark == 3) options.add_recurrent_sizes(6);
        options.set_signal_lag(options.formula() == v1::FORMULA_PAPER);
        for (Role role : {Role::kActor, Role::kCritic})
          ASSERT_NO_FATAL_FAILURE(ExpectAgreesWithReference(options, role, ObservationSize(benchmark)));
      }
    }
  }
}

TEST(NmnPaperSection2, AgreesWithTheEquationsForAHypernetwork) {
  for (int benchmark : {1, 3}) {
    v1::NetworkOptions options = ReferenceNmn(benchmark);
    options.set_modulation(v1::HYPERNETWORK);
    for (Role role : {Role::kActor, Role::kCritic}) {
      options.set_signal_lag(role == Role::kCritic);
      options.set_signal_wiring(role == Role::kCritic ? v1::SHARED : v1::PER_LAYER);
      ExpectAgreesWithReference(options, role, ObservationSize(benchmark), BoxOf(role == Role::kActor ? 2 : 1));
    }
  }
}

// The plain code of a network of GRUs is the fast one's, but for rounding.
TEST(PlainForward, OfGrusIsTheFastForward) {
  for (const v1::NetworkOptions& options : {ReferenceNmn(1), PaperNmn(2), Rnn(3)}) {
    const NetworkSpec spec = MakeNetworkSpec(options, Role::kActor, 2, BoxOf(3)).value();
    const std::vector<float> parameters = TrainedParameters(spec);
    const Played fast = Play(spec, parameters, 0, 37, 6);
    const Played plain = Play(spec, parameters, 0, 37, 6, 200, MakePlainForward(spec, 200));
    for (size_t t = 0; t < 6; ++t) {
      for (const auto& [one, other] : {std::pair(&fast.output[t], &plain.output[t]),
                                       {&fast.signal[t], &plain.signal[t]},
                                       {&fast.state[t], &plain.state[t]}}) {
        ASSERT_EQ(one->size(), other->size());
        for (size_t r = 0; r < one->size(); ++r) {
          for (size_t lane = 0; lane < 37; ++lane) {
            const float expected = (*one)[r][lane];
            ASSERT_NEAR((*other)[r][lane], expected, 1e-5 * std::max(1.0f, std::abs(expected)));
          }
        }
      }
    }
  }
}

TEST(PlainForward, OfALaneIsTheSameAmongAnyOthersAndAfterAReset) {
  for (v1::Cell cell : {v1::LSTM, v1::PLASTIC, v1::MODULATED_PLASTIC}) {
    v1::NetworkOptions options = ReferenceNmn(1);
    options.set_cell(cell);
    options.set_recurrent_sizes(0, 7);
    const NetworkSpec spec = MakeNetworkSpec(options, Role::kActor, 1, BoxOf(1)).value();
    const std::vector<float> parameters = TrainedParameters(spec);
    const Played many = Play(spec, parameters, 0, 23, 5), one = Play(spec, parameters, 11, 1, 5, 1);
    for (size_t t = 0; t < 5; ++t) {
      for (size_t r = 0; r < spec.output_size; ++r) EXPECT_EQ(many.output[t][r][11], one.output[t][r][0]);
      for (size_t r = 0; r < spec.state_size; ++r) EXPECT_EQ(many.state[t][r][11], one.state[t][r][0]);
    }
  }
}

TEST(NmnPaperSection2, AgreesWithTheEquationsForPresetsInBothRoles) {
  for (int benchmark : {1, 2, 3}) {
    for (Role role : {Role::kActor, Role::kCritic}) {
      ExpectAgreesWithReference(PaperNmn(benchmark), role, ObservationSize(benchmark));
      ExpectAgreesWithReference(ReferenceNmn(benchmark), role, ObservationSize(benchmark));
      v1::NetworkOptions rnn = Rnn(benchmark);
      ExpectAgreesWithReference(rnn, role, ObservationSize(benchmark));
      rnn.set_main_activation(v1::SIGMOID);
      ExpectAgreesWithReference(rnn, role, ObservationSize(benchmark));
      rnn.set_previous_observation(true);
      ExpectAgreesWithReference(rnn, role, ObservationSize(benchmark));
    }
  }
}

TEST(NmnPaperSection2, AgreesWithTheEquationsForOtherDepthsAndOddSizes) {
  for (v1::Architecture architecture : {v1::NMN, v1::RNN}) {
    for (const std::vector<uint32_t>& recurrent : {std::vector<uint32_t>{1}, {7}, {13, 6, 9}}) {
      for (const std::vector<uint32_t>& hidden : {std::vector<uint32_t>{}, {4}, {11}, {8, 6, 7, 3}}) {
        v1::NetworkOptions options =
            architecture == v1::NMN ? Nmn(1, v1::FORMULA_REFERENCE, v1::PER_LAYER, 10) : Rnn(1);
        options.clear_recurrent_sizes();
        options.clear_hidden_sizes();
        for (uint32_t units : recurrent) options.add_recurrent_sizes(units);
        for (uint32_t units : hidden) options.add_hidden_sizes(units);
        ExpectAgreesWithReference(options, Role::kActor, 3);
      }
    }
  }
}

TEST(NmnPaperSection2, AgreesWithTheEquationsOnEveryTarget) {
  for (int64_t target : TestedTargets()) {
    const ScopedTarget scope(target);
    SCOPED_TRACE(SimdTarget());
    EXPECT_STREQ(SimdTarget(), hwy::TargetName(target));
    ExpectAgreesWithReference(PaperNmn(2), Role::kActor, 2);
    ExpectAgreesWithReference(ReferenceNmn(1), Role::kCritic, 1);
    ExpectAgreesWithReference(Rnn(3), Role::kActor, 4);
  }
}

TEST(PolicyForward, ReadsActionsOfManyNumbersAndGivesTheParametersOfTheirHead) {
  v1::ActionSpace choices;
  for (const uint32_t n : {3, 2, 4}) choices.mutable_multi_discrete()->add_choices(n);
  v1::NetworkOptions bounded = ReferenceNmn(2);
  bounded.set_min_log_variance(-1.5);
  bounded.set_max_log_variance(0.5);
  for (const v1::ActionSpace& action : {BoxOf(3), choices}) {
    for (const v1::NetworkOptions& options : {bounded, PaperNmn(2), Rnn(2)}) {
      ExpectAgreesWithReference(options, Role::kActor, 2, action);
      ExpectAgreesWithReference(options, Role::kCritic, 2, action);
    }
  }
}

TEST(NmnPaperSection2, AnUntrainedNetworkOfThePapersFormulaBeginsAtExactlyZero) {
  for (int benchmark : {1, 2, 3}) {
    for (Role role : {Role::kActor, Role::kCritic}) {
      const NetworkSpec spec = MakeNetworkSpec(PaperNmn(benchmark), role, ObservationSize(benchmark), BoxOf(1)).value();
      const Played played = Play(spec, InitialParameters(spec, 1), 0, 5, 2);
      for (size_t lane = 0; lane < 5; ++lane) {
        EXPECT_EQ(played.output[0][0][lane], role == Role::kActor ? kLogVarianceShift : 0.0f);
        EXPECT_EQ(played.output[0].back()[lane], 0.0f);
        EXPECT_NE(played.output[1].back()[lane], 0.0f);
      }
    }
  }
}

void ExpectSameBits(const std::vector<std::vector<float>>& all, size_t first,
                    const std::vector<std::vector<float>>& part) {
  ASSERT_EQ(all.size(), part.size());
  for (size_t r = 0; r < all.size(); ++r) {
    ASSERT_EQ(std::memcmp(all[r].data() + first, part[r].data(), part[r].size() * sizeof(float)), 0) << "row " << r;
  }
}

void ExpectSameBits(const Played& all, size_t first, const Played& part) {
  ASSERT_EQ(all.output.size(), part.output.size());
  for (size_t t = 0; t < all.output.size(); ++t) {
    ASSERT_NO_FATAL_FAILURE(ExpectSameBits(all.output[t], first, part.output[t])) << "step " << t;
    ASSERT_NO_FATAL_FAILURE(ExpectSameBits(all.signal[t], first, part.signal[t])) << "z, step " << t;
    ASSERT_NO_FATAL_FAILURE(ExpectSameBits(all.state[t], first, part.state[t])) << "state, step " << t;
  }
}

TEST(PolicyForward, ALaneDoesNotDependOnItsNeighboursOrOnTheirNumber) {
  for (const v1::NetworkOptions& options : {ReferenceNmn(2), PaperNmn(2), Rnn(2)}) {
    const NetworkSpec spec = MakeNetworkSpec(options, Role::kActor, 2, BoxOf(1)).value();
    const std::vector<float> parameters = TrainedParameters(spec);
    const Played all = Play(spec, parameters, 0, 150, 8);
    for (size_t lanes : {1, 2, 7, 16, 17, 33, 49, 64, 65, 129}) {
      const uint32_t first = (150 - lanes) / 2;
      ExpectSameBits(all, first, Play(spec, parameters, first, lanes, 8, lanes));
    }
  }
}

TEST(PolicyForward, Avx2AndAvx512GiveTheSameBits) {
  const std::vector<int64_t> targets = FusedTargets();
  if (targets.size() < 2) GTEST_SKIP() << "this CPU has no two targets with fused multiply-add";
  for (const v1::NetworkOptions& options : {ReferenceNmn(3), PaperNmn(3), Rnn(3)}) {
    const NetworkSpec spec = MakeNetworkSpec(options, Role::kActor, 4, BoxOf(1)).value();
    const std::vector<float> parameters = TrainedParameters(spec);
    std::vector<Played> played;
    for (int64_t target : targets) {
      const ScopedTarget scope(target);
      EXPECT_STREQ(RoundingClass(), "fma");
      played.push_back(Play(spec, parameters, 0, 70, 40));
    }
    ExpectSameBits(played[0], 0, played[1]);
  }
}

TEST(PolicyForward, TargetsWithoutFusedMultiplyAddAreARoundingClassOfTheirOwn) {
  const ScopedTarget scope(HWY_SSE4);
  EXPECT_STREQ(RoundingClass(), "sse2");
}

TEST(PolicyForward, ResetBeginsTheSameEpisodeAgain) {
  v1::NetworkOptions options = ReferenceNmn(1);
  options.set_signal_lag(true);
  const NetworkSpec spec = MakeNetworkSpec(options, Role::kActor, 1, BoxOf(1)).value();
  auto forward = PolicyForward::Create(spec, 20).value();
  forward->SetParameters(TrainedParameters(spec));
  const std::vector<float> x(20, 1.5f), a(20, -7.0f), r(20, 2.0f);
  std::vector<float> first(40), again(40);
  const auto step = [&](std::vector<float>& out) {
    forward->Step({{x.data(), 1, 20}, {a.data(), 1, 20}, r.data(), {x.data(), 1, 20}}, {out.data(), 2, 20});
  };
  forward->Reset(20);
  step(first);
  step(again);
  EXPECT_NE(first, again);
  forward->Reset(20);
  step(again);
  EXPECT_EQ(first, again);
}

TEST(PolicyForward, BoundsTheLogVarianceOfTheActorOnly) {
  v1::NetworkOptions options = Rnn(1);
  options.set_min_log_variance(-1.5);
  options.set_max_log_variance(0.5);
  for (const auto& [bias, expected] : {std::pair{-9.0f, -1.5f}, {9.0f, 0.5f}, {0.25f, -0.75f}}) {
    for (Role role : {Role::kActor, Role::kCritic}) {
      const NetworkSpec spec = MakeNetworkSpec(options, role, 1, BoxOf(1)).value();
      std::vector<float> parameters(spec.parameter_count, 0.0f);
      for (size_t i = 0; i < spec.output_size; ++i) parameters[spec.tensor("head.bias").offset + i] = bias;
      const Played played = Play(spec, parameters, 0, 2, 1);
      EXPECT_EQ(played.output[0][0][1], role == Role::kActor ? expected : bias);
      EXPECT_EQ(played.output[0].back()[1], bias);
    }
  }
}

TEST(PolicyForward, ABrokenParameterShowsInTheOutput) {
  v1::NetworkOptions options = ReferenceNmn(1);
  options.set_min_log_variance(-5);
  options.set_max_log_variance(1);
  const NetworkSpec spec = MakeNetworkSpec(options, Role::kActor, 1, BoxOf(1)).value();
  for (const char* name :
       {"gru0.w_recurrent", "gru0.bias", "signal.weight", "main0.weight", "main0.w_scale", "head.w_offset"}) {
    for (int64_t target : TestedTargets()) {
      const ScopedTarget scope(target);
      std::vector<float> parameters = InitialParameters(spec, 1);
      const TensorSpec& tensor = spec.tensor(name);
      for (size_t i = 0; i < tensor.size; ++i) parameters[tensor.offset + i] = NAN;
      const Played played = Play(spec, parameters, 0, 1, 2);
      EXPECT_TRUE(std::isnan(played.output[1][0][0])) << name << " on " << SimdTarget();
      EXPECT_TRUE(std::isnan(played.output[1][1][0])) << name << " on " << SimdTarget();
    }
  }
}

TEST(PolicyForward, RefusesAnImpossibleNumberOfLanes) {
  const NetworkSpec spec = MakeNetworkSpec(ReferenceNmn(1), Role::kActor, 1, BoxOf(1)).value();
  EXPECT_FALSE(PolicyForward::Create(spec, 0).ok());
}

}  // namespace
}  // namespace nmn::nn
