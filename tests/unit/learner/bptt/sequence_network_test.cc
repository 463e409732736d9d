#include "learner/bptt/sequence_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "hwy/targets.h"
#include "tests/unit/learner/bptt/reference.h"

namespace nmn::bptt {
namespace {

struct Case {
  std::string name;
  v1::NetworkOptions options;
  nn::Role role = nn::Role::kActor;
  uint32_t observation_size = 1;
  size_t steps = 11;
  size_t sequences = 3;
};

v1::NetworkOptions Nmn(std::vector<uint32_t> recurrent, uint32_t signal, std::vector<uint32_t> hidden) {
  v1::NetworkOptions options;
  options.set_architecture(v1::NMN);
  options.set_formula(v1::FORMULA_REFERENCE);
  options.set_signal_wiring(v1::PER_LAYER);
  options.set_signal_size(signal);
  options.set_signal_activation(v1::RELU);
  options.set_main_activation(v1::SATURATED_RELU);
  for (uint32_t size : recurrent) options.add_recurrent_sizes(size);
  for (uint32_t size : hidden) options.add_hidden_sizes(size);
  return options;
}

v1::NetworkOptions Rnn(std::vector<uint32_t> recurrent, std::vector<uint32_t> hidden) {
  v1::NetworkOptions options;
  options.set_architecture(v1::RNN);
  options.set_main_activation(v1::SATURATED_RELU);
  for (uint32_t size : recurrent) options.add_recurrent_sizes(size);
  for (uint32_t size : hidden) options.add_hidden_sizes(size);
  return options;
}

// Every option of the network on both sides, depths 0 to 2, sizes below, at and above a vector's.
std::vector<Case> Cases() {
  std::vector<Case> cases;
  const auto add = [&](std::string name, v1::NetworkOptions options) -> Case& {
    return cases.emplace_back(Case{std::move(name), std::move(options)});
  };
  for (v1::Formula formula : {v1::FORMULA_REFERENCE, v1::FORMULA_PAPER}) {
    for (v1::SignalWiring wiring : {v1::PER_LAYER, v1::SHARED}) {
      for (bool lag : {false, true}) {
        v1::NetworkOptions options = Nmn({5, 3}, 6, {4, 7});
        options.set_formula(formula);
        options.set_signal_wiring(wiring);
        options.set_signal_lag(lag);
        add(std::string(formula == v1::FORMULA_PAPER ? "Paper" : "Reference") +
                (wiring == v1::SHARED ? "Shared" : "PerLayer") + (lag ? "Lag" : ""),
            options)
            .observation_size = 2;
      }
    }
  }
  for (v1::Activation activation : {v1::SATURATED_RELU, v1::SIGMOID, v1::RELU, v1::TANH, v1::IDENTITY}) {
    v1::NetworkOptions options = Nmn({6}, 4, {3});
    options.set_signal_activation(activation);
    add("Signal" + v1::Activation_Name(activation), options).role = nn::Role::kCritic;
  }
  v1::NetworkOptions sigmoid = Nmn({4}, 4, {5});
  sigmoid.set_main_activation(v1::SIGMOID);
  add("MainSigmoid", sigmoid);
  add("NoHiddenLayer", Nmn({7}, 3, {}));
  v1::NetworkOptions lag_without_hidden = Nmn({7}, 3, {});
  lag_without_hidden.set_signal_lag(true);
  add("NoHiddenLayerLag", lag_without_hidden);
  add("FourHiddenLayers", Nmn({4}, 10, {3, 4, 2, 5}));
  add("ThreeGrus", Nmn({3, 9, 2}, 4, {3}));
  add("OddSizes", Nmn({17}, 26, {13})).observation_size = 4;
  add("WideSizes", Nmn({33, 23}, 18, {9, 19})).sequences = 2;
  v1::NetworkOptions one_of_each = Nmn({1}, 2, {1});
  one_of_each.set_signal_activation(v1::TANH);
  add("OneOfEach", one_of_each).sequences = 1;
  add("SeveralBlocksAndChunks", Nmn({4}, 4, {3})).sequences = 17;
  cases.back().steps = 29;
  add("RnnOneLayer", Rnn({6}, {5}));
  add("RnnCritic", Rnn({5, 4}, {6, 3, 2})).role = nn::Role::kCritic;
  add("RnnNoHiddenLayer", Rnn({5}, {}));
  v1::NetworkOptions rnn_sigmoid = Rnn({5}, {4});
  rnn_sigmoid.set_main_activation(v1::SIGMOID);
  add("RnnSigmoid", rnn_sigmoid);
  return cases;
}

// [time, feature, sequence]
struct Array {
  Array(size_t planes, size_t rows, size_t columns)
      : planes(planes), rows(rows), columns(columns), data(planes * rows * columns) {}
  View3 view() { return {data.data(), planes, rows, columns}; }
  View2 plane(size_t p) { return view().plane(p); }
  void Randomise(std::mt19937_64& random, float deviation) {
    std::normal_distribution<float> normal(0, deviation);
    for (float& value : data) value = normal(random);
  }
  size_t planes, rows, columns;
  std::vector<float> data;
};

// A network with random parameters, inputs, start and output gradient.
struct Problem {
  explicit Problem(const Case& c)
      : spec(nn::MakeNetworkSpec(c.options, c.role, c.observation_size, nn::BoxOf(1)).value()),
        recurrent_input(c.steps, spec.recurrent_input_size, c.sequences),
        main_input(c.steps, spec.main_input_size, c.sequences),
        start_state(1, spec.state_size, c.sequences),
        start_signal(1, c.options.signal_size(), c.sequences),
        output(c.steps, spec.output_size, c.sequences),
        output_gradient(c.steps, spec.output_size, c.sequences),
        parameters(spec.parameter_count),
        gradient(spec.parameter_count) {
    std::mt19937_64 random(8);
    recurrent_input.Randomise(random, 1.0f);
    main_input.Randomise(random, 1.0f);
    start_state.Randomise(random, 0.5f);
    start_signal.Randomise(random, 0.5f);
    output_gradient.Randomise(random, 1.0f);
    std::normal_distribution<float> normal(0, 0.4f);
    for (float& value : parameters) value = normal(random);
    if (c.options.architecture() == v1::NMN) {  // above 0, so that no unit of z is dead
      const nn::TensorSpec& bias = spec.tensor("signal.bias");
      for (size_t i = 0; i < bias.size; ++i) parameters[bias.offset + i] += 1.0f;
    }
  }

  SequenceInput input() {
    return {recurrent_input.view(), main_input.view(), start_state.plane(0), start_signal.plane(0)};
  }
  std::unique_ptr<SequenceNetwork> Network(int threads = 1) const {
    std::unique_ptr<SequenceNetwork> network = SequenceNetwork::Create(spec, threads).value();
    network->SetParameters(parameters);
    return network;
  }
  void Run(SequenceNetwork& network) {
    network.Forward(input(), output.view());
    network.Backward(output_gradient.view(), gradient);
  }

  Reference::State StartOf(const Reference& reference, size_t sequence) {
    Reference::State state = reference.ZeroState();
    size_t row = 0;
    for (Reference::Vector& h : state.h) {
      for (double& value : h) value = start_state.plane(0)(row++, sequence);
    }
    for (size_t j = 0; j < state.z.size(); ++j) state.z[j] = start_signal.plane(0)(j, sequence);
    return state;
  }
  // Sum of output_gradient times output; fills `outputs` where given.
  double ReferenceLoss(const Reference& reference, Array* outputs) {
    double loss = 0;
    for (size_t b = 0; b < output.columns; ++b) {
      Reference::State state = StartOf(reference, b);
      for (size_t t = 0; t < output.planes; ++t) {
        Reference::Vector x(spec.recurrent_input_size), y(spec.main_input_size);
        for (size_t i = 0; i < x.size(); ++i) x[i] = recurrent_input.plane(t)(i, b);
        for (size_t i = 0; i < y.size(); ++i) y[i] = main_input.plane(t)(i, b);
        const Reference::Vector out = reference.Step(x, y, state);
        for (size_t o = 0; o < out.size(); ++o) {
          loss += out[o] * output_gradient.plane(t)(o, b);
          if (outputs != nullptr) outputs->plane(t)(o, b) = static_cast<float>(out[o]);
        }
      }
    }
    return loss;
  }

  nn::NetworkSpec spec;
  Array recurrent_input, main_input, start_state, start_signal, output, output_gradient;
  std::vector<float> parameters, gradient;
};

class SequenceNetworkNmnSection2 : public testing::TestWithParam<Case> {};

TEST_P(SequenceNetworkNmnSection2, ForwardIsTheScalarReference) {
  Problem problem(GetParam());
  problem.Run(*problem.Network());
  Reference reference(problem.spec, {problem.parameters.begin(), problem.parameters.end()});
  Array expected = problem.output;
  problem.ReferenceLoss(reference, &expected);
  for (size_t i = 0; i < expected.data.size(); ++i) {
    ASSERT_NEAR(problem.output.data[i], expected.data[i], 1e-5 * (1 + std::abs(expected.data[i]))) << i;
  }
}

TEST_P(SequenceNetworkNmnSection2, GradientIsTheCentralDifference) {
  Problem problem(GetParam());
  problem.Run(*problem.Network());
  Reference reference(problem.spec, {problem.parameters.begin(), problem.parameters.end()});
  constexpr double kStep = 1e-6;
  std::vector<double> expected(problem.parameters.size());
  for (size_t p = 0; p < expected.size(); ++p) {
    const double value = reference.parameters()[p];
    reference.parameters()[p] = value + kStep;
    const double above = problem.ReferenceLoss(reference, nullptr);
    reference.parameters()[p] = value - kStep;
    expected[p] = (above - problem.ReferenceLoss(reference, nullptr)) / (2 * kStep);
    reference.parameters()[p] = value;
  }
  for (const nn::TensorSpec& tensor : problem.spec.tensors) {
    double largest = 0, gap = 0;
    for (size_t i = tensor.offset; i < tensor.offset + tensor.size; ++i) {
      largest = std::max(largest, std::abs(expected[i]));
      gap = std::max(gap, std::abs(expected[i] - problem.gradient[i]));
    }
    EXPECT_LE(gap, 1e-4 * largest) << tensor.name;
    EXPECT_GT(largest, 0) << tensor.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Options, SequenceNetworkNmnSection2, testing::ValuesIn(Cases()),
                         [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

Case Large() {
  Case large{"Large", Nmn({50}, 20, {10})};
  large.options.set_signal_lag(true);
  large.steps = 60;
  large.sequences = 45;
  return large;
}

TEST(SequenceNetwork, ThreadCountDoesNotReachTheBits) {
  Problem one(Large()), more(Large());
  one.Run(*one.Network(1));
  for (int threads : {2, 3, 5}) {
    more.Run(*more.Network(threads));
    EXPECT_EQ(one.output.data, more.output.data);
    EXPECT_EQ(one.gradient, more.gradient) << threads;
  }
}

TEST(SequenceNetwork, VectorWidthDoesNotReachTheBits) {
  Problem widest(Large()), narrow(Large());
  const int64_t supported = hwy::SupportedTargets();
  if ((supported & HWY_AVX3) == 0) GTEST_SKIP() << "needs AVX-512";
  widest.Run(*widest.Network());
  hwy::SetSupportedTargetsForTest(HWY_AVX2);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  narrow.Run(*narrow.Network());
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  EXPECT_EQ(widest.output.data, narrow.output.data);
  EXPECT_EQ(widest.gradient, narrow.gradient);
}

TEST(SequenceNetwork, SequenceDoesNotDependOnItsNeighbours) {
  Problem many(Large());
  many.Run(*many.Network());
  Case alone_case = Large();
  alone_case.sequences = 1;
  Problem alone(alone_case);
  for (size_t b : {0, 16, 44}) {
    const auto copy = [b](Array& from, Array& to) {
      for (size_t p = 0; p < from.planes; ++p) {
        for (size_t r = 0; r < from.rows; ++r) to.plane(p)(r, 0) = from.plane(p)(r, b);
      }
    };
    copy(many.recurrent_input, alone.recurrent_input);
    copy(many.main_input, alone.main_input);
    copy(many.start_state, alone.start_state);
    copy(many.start_signal, alone.start_signal);
    alone.parameters = many.parameters;
    alone.Run(*alone.Network());
    for (size_t t = 0; t < many.output.planes; ++t) {
      for (size_t o = 0; o < many.output.rows; ++o) ASSERT_EQ(many.output.plane(t)(o, b), alone.output.plane(t)(o, 0));
    }
  }
}

TEST(SequenceNetwork, EvaluateGivesForwardsOutputAndEnd) {
  Problem problem(Large());
  const auto network = problem.Network();
  problem.Run(*network);
  Array end_state = problem.start_state, end_signal = problem.start_signal;
  network->CopyEnd(end_state.plane(0), end_signal.plane(0));
  Array output = problem.output, state = problem.start_state, signal = problem.start_signal;
  network->Evaluate(problem.input(), output.view(), {});
  network->CopyEnd(state.plane(0), signal.plane(0));
  EXPECT_EQ(output.data, problem.output.data);
  EXPECT_EQ(state.data, end_state.data);
  EXPECT_EQ(signal.data, end_signal.data);
}

TEST(SequenceNetwork, EvaluatesSegmentStartsContinueTheWholeSequence) {
  constexpr size_t kStride = 20;
  Problem problem(Large());
  const auto network = problem.Network();
  problem.Run(*network);
  const size_t segments = problem.output.planes / kStride;
  Array states(segments, problem.spec.state_size, problem.output.columns);
  Array signals(segments, problem.start_signal.rows, problem.output.columns);
  network->Evaluate(problem.input(), {}, {kStride, states.view(), signals.view()});
  EXPECT_EQ(std::vector<float>(states.data.begin(), states.data.begin() + problem.start_state.data.size()),
            problem.start_state.data);
  for (size_t s = 0; s < segments; ++s) {
    const auto part = [s](Array& array) {
      return View3(array.plane(s * kStride).data, kStride, array.rows, array.columns);
    };
    Array output(kStride, problem.spec.output_size, problem.output.columns);
    network->Forward({part(problem.recurrent_input), part(problem.main_input), states.plane(s), signals.plane(s)},
                     output.view());
    const View3 whole = part(problem.output);
    EXPECT_EQ(output.data, std::vector<float>(whole.data, whole.data + output.data.size())) << s;
  }
}

TEST(SequenceNetwork, EmptyStartIsZero) {
  Problem problem(Large());
  const auto network = problem.Network();
  problem.start_state.data.assign(problem.start_state.data.size(), 0.0f);
  problem.start_signal.data.assign(problem.start_signal.data.size(), 0.0f);
  problem.Run(*network);
  Array output = problem.output;
  network->Forward({problem.recurrent_input.view(), problem.main_input.view(), {}, {}}, output.view());
  EXPECT_EQ(output.data, problem.output.data);
}

TEST(SequenceNetwork, RepeatedPassesOfOtherShapesLeaveNoTrace) {
  Problem fresh(Large()), reused(Large());
  fresh.Run(*fresh.Network());
  const auto network = reused.Network();
  Case small_case = Large();
  small_case.sequences = 3;
  small_case.steps = 7;
  Problem small(small_case);
  small.Run(*network);
  network->SetParameters(reused.parameters);
  network->Evaluate(reused.input(), {}, {});
  reused.Run(*network);
  reused.Run(*network);
  EXPECT_EQ(fresh.output.data, reused.output.data);
  EXPECT_EQ(fresh.gradient, reused.gradient);
}

TEST(SequenceNetwork, NanParameterShowsInOutputAndGradient) {
  Problem problem(Large());
  problem.parameters[0] = std::nanf("");
  problem.Run(*problem.Network());
  EXPECT_TRUE(std::isnan(problem.output.data.back()));
  EXPECT_TRUE(std::isnan(problem.gradient[0]));
}

TEST(SequenceNetwork, RefusesNoThreads) {
  Problem problem(Large());
  EXPECT_THAT(SequenceNetwork::Create(problem.spec, 0).status().message(), testing::HasSubstr("threads is 0"));
}

}  // namespace
}  // namespace nmn::bptt
