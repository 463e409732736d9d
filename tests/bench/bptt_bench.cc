// Forward and backward through time at the presets' shapes, one core: sample-passes/s (one step of one sequence,
// forward and backward), GFLOP/s by the convention of 6 x parameters a sample-pass, and that over the core's
// multiply-add ceiling measured in the same run.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "common/cpu/peak.h"
#include "learner/bptt/sequence_network.h"

namespace nmn::bptt {
namespace {

nn::NetworkSpec Spec(int benchmark, nn::Role role) {
  v1::NetworkOptions options;
  options.set_architecture(v1::NMN);
  options.set_formula(v1::FORMULA_REFERENCE);
  options.set_signal_wiring(v1::PER_LAYER);
  options.set_signal_activation(v1::RELU);
  options.set_main_activation(v1::SATURATED_RELU);
  if (benchmark == 1) {
    options.set_signal_size(20);
    options.add_recurrent_sizes(50);
    options.add_hidden_sizes(10);
  } else {
    options.set_signal_size(45);
    options.add_recurrent_sizes(100);
    options.add_recurrent_sizes(75);
    options.add_hidden_sizes(30);
    options.add_hidden_sizes(10);
  }
  constexpr uint32_t kObservationSize[] = {0, 1, 2, 4};
  return nn::MakeNetworkSpec(options, role, kObservationSize[benchmark], nn::BoxOf(1)).value();
}

double Ceiling() {
  static const double gflops = cpu::PeakGflops();
  return gflops;
}

void Random(std::mt19937& random, float deviation, std::vector<float>& values) {
  std::normal_distribution<float> normal(0, deviation);
  for (float& value : values) value = normal(random);
}

void Pass(benchmark::State& state, int benchmark, nn::Role role, bool backward) {
  constexpr size_t kSteps = 200;
  const size_t sequences = state.range(0);
  const nn::NetworkSpec spec = Spec(benchmark, role);
  const auto network = SequenceNetwork::Create(spec, static_cast<int>(state.range(1))).value();
  std::mt19937 random(1);
  std::vector<float> parameters(spec.parameter_count), gradient(spec.parameter_count),
      recurrent(kSteps * spec.recurrent_input_size * sequences), main(kSteps * spec.main_input_size * sequences),
      output(kSteps * spec.output_size * sequences), output_gradient(output.size());
  Random(random, 0.1f, parameters);
  Random(random, 1.0f, recurrent);
  Random(random, 1.0f, main);
  Random(random, 1e-3f, output_gradient);
  network->SetParameters(parameters);
  const SequenceInput input{{recurrent.data(), kSteps, spec.recurrent_input_size, sequences},
                            {main.data(), kSteps, spec.main_input_size, sequences},
                            {},
                            {}};
  const View3 out(output.data(), kSteps, spec.output_size, sequences);
  const auto pass = [&] {
    network->Forward(input, out);
    if (backward) network->Backward({output_gradient.data(), kSteps, spec.output_size, sequences}, gradient);
  };
  pass();  // memory is taken and zeroed in the first one
  for (auto _ : state) {
    pass();
    benchmark::ClobberMemory();
  }
  const double samples = static_cast<double>(kSteps * sequences * state.iterations());
  const double gflop = samples * (backward ? 6 : 2) * static_cast<double>(spec.parameter_count) * 1e-9;
  state.counters["samples/s"] = benchmark::Counter(samples, benchmark::Counter::kIsRate);
  state.counters["GFLOP/s"] = benchmark::Counter(gflop, benchmark::Counter::kIsRate);
  state.counters["of_ceiling"] = benchmark::Counter(gflop / Ceiling(), benchmark::Counter::kIsRate);
}

void B1Policy(benchmark::State& state) { Pass(state, 1, nn::Role::kActor, true); }
void B1Critic(benchmark::State& state) { Pass(state, 1, nn::Role::kCritic, true); }
void B2Policy(benchmark::State& state) { Pass(state, 2, nn::Role::kActor, true); }
void B2Critic(benchmark::State& state) { Pass(state, 2, nn::Role::kCritic, true); }
void B3Policy(benchmark::State& state) { Pass(state, 3, nn::Role::kActor, true); }
void B3Critic(benchmark::State& state) { Pass(state, 3, nn::Role::kCritic, true); }
void B1PolicyForward(benchmark::State& state) { Pass(state, 1, nn::Role::kActor, false); }

// Sequences, threads. CPU time of the calling thread: the machine may be shared.
BENCHMARK(B1Policy)->Args({100, 1});
BENCHMARK(B1Critic)->Args({25, 1});
BENCHMARK(B2Policy)->Args({500, 1});
BENCHMARK(B2Critic)->Args({25, 1});
BENCHMARK(B3Policy)->Args({500, 1});
BENCHMARK(B3Critic)->Args({25, 1});
BENCHMARK(B1PolicyForward)->Args({100, 1});
BENCHMARK(B1Policy)->Args({100, 2})->UseRealTime();
BENCHMARK(B1Critic)->Args({25, 2})->UseRealTime();

}  // namespace
}  // namespace nmn::bptt

BENCHMARK_MAIN();
