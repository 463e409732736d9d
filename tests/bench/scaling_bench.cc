// How cost grows: with parameters, sequences, lanes, threads and episodes, and what breaks proportion. Counters:
// GFLOP/s by the convention of cli/bench/networks.h, and where memory grows with the size, what the pass took (MiB).
// scaling.sh makes tables and a figure of it.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <thread>

#include "cli/bench/actor_loop.h"
#include "cli/bench/networks.h"
#include "cli/bench/whole_update.h"
#include "common/config/config.h"
#include "common/nn/denormals.h"
#include "learner/bptt/sequence_network.h"

namespace nmn::cli::bench {
namespace {

// What earlier benchmarks freed does not count.
double ResidentMebibytes() {
  malloc_trim(0);
  size_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

benchmark::Counter Rate(double of_one_iteration) {
  return benchmark::Counter(of_one_iteration, benchmark::Counter::kIsIterationInvariantRate);
}

// Forward and backward through time.
void Backward(benchmark::State& state, const nn::NetworkSpec& spec, size_t steps, size_t sequences, int threads) {
  const nn::ScopedFlushDenormals flush;
  std::vector<float> recurrent = Normals(steps * spec.recurrent_input_size * sequences, 1.0f, 1);
  std::vector<float> main = Normals(steps * spec.main_input_size * sequences, 1.0f, 2);
  std::vector<float> output_gradient = Normals(steps * spec.output_size * sequences, 1e-3f, 3);
  std::vector<float> output(output_gradient.size()), gradient(spec.parameter_count);
  const bptt::SequenceInput input{{recurrent.data(), steps, spec.recurrent_input_size, sequences},
                                  {main.data(), steps, spec.main_input_size, sequences},
                                  {},
                                  {}};
  const double before = ResidentMebibytes();
  const auto network = bptt::SequenceNetwork::Create(spec, threads).value();
  network->SetParameters(nn::InitialParameters(spec, 1));
  const auto pass = [&] {
    network->Forward(input, {output.data(), steps, spec.output_size, sequences});
    network->Backward({output_gradient.data(), steps, spec.output_size, sequences}, gradient);
  };
  pass();  // memory is taken in the first one
  state.counters["MiB"] = ResidentMebibytes() - before;
  for (auto _ : state) pass();
  const double samples = static_cast<double>(steps * sequences);
  state.counters["samples/s"] = Rate(samples);
  state.counters["GFLOP/s"] = Rate(samples * BackwardFlop(spec) * 1e-9);
  state.counters["parameters"] = static_cast<double>(spec.parameter_count);
}

// b1's NMN with another number of GRU units: 1.3 k, 9.3 k, 103 k, 993 k and 9.8 M parameters.
v1::RunConfig WithUnits(int64_t units) {
  v1::RunConfig config = ReferenceConfig("b1");
  config.mutable_network()->set_recurrent_sizes(0, static_cast<uint32_t>(units));
  return config;
}

void BackwardByUnits(benchmark::State& state) {
  Backward(state, SpecOf(WithUnits(state.range(0)), nn::Role::kCritic), /*steps=*/50, /*sequences=*/25, 1);
}
BENCHMARK(BackwardByUnits)->Arg(14)->Arg(50)->Arg(180)->Arg(570)->Arg(1800)->Unit(benchmark::kMillisecond);

void BackwardBySequences(benchmark::State& state) {
  Backward(state, ReferenceSpec("b1", nn::Role::kActor), 200, static_cast<size_t>(state.range(0)), 1);
}
BENCHMARK(BackwardBySequences)->RangeMultiplier(4)->Range(1, 1024)->Unit(benchmark::kMillisecond);

// The same activations in memory, cut in longer or shorter sequences: arguments are steps and sequences. If a pass
// slows down because its activations leave a cache, it does so by their product, whichever way it is cut.
void BackwardByShape(benchmark::State& state) {
  Backward(state, ReferenceSpec("b1", nn::Role::kActor), static_cast<size_t>(state.range(0)),
           static_cast<size_t>(state.range(1)), 1);
}
BENCHMARK(BackwardByShape)->ArgsProduct({{50, 100, 200}, {16, 32, 64, 128, 256, 512}})->Unit(benchmark::kMillisecond);

// Large networks: arguments are GRU units and sequences. If reading the weights is what they wait for, the rate rises
// with the sequences that share a read; if it is a block of weights that outgrows the second cache, it falls with the
// units whatever the sequences (16 columns a vector, 5 vectors: 320 bytes of block a unit).
void BackwardLarge(benchmark::State& state) {
  Backward(state, SpecOf(WithUnits(state.range(0)), nn::Role::kCritic), /*steps=*/4,
           static_cast<size_t>(state.range(1)), 1);
}
BENCHMARK(BackwardLarge)->ArgsProduct({{570, 1000, 1400, 1800}, {25, 100, 400}})->Unit(benchmark::kMillisecond);

void BackwardByThreads(benchmark::State& state) {
  Backward(state, ReferenceSpec("b1", nn::Role::kActor), 200, 100, static_cast<int>(state.range(0)));
}
BENCHMARK(BackwardByThreads)
    ->RangeMultiplier(2)
    ->Range(1, static_cast<int64_t>(std::max(1u, std::thread::hardware_concurrency())))
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void ActorLoopByLanes(benchmark::State& state) {
  v1::RunConfig config = ReferenceConfig("b1");
  config.mutable_env()->set_horizon(200);
  const auto lanes = static_cast<size_t>(state.range(0));
  const nn::NetworkSpec spec = ReferenceSpec("b1", nn::Role::kActor);
  const double before = ResidentMebibytes();
  const auto rollout = MakeRollout(config, lanes, ForwardBy::kOurs).value();
  rollout->SetParameters(nn::InitialParameters(spec, 1), 1);
  for (auto _ : state) {
    if (!rollout->Run({.seed = 1, .update = 1}, lanes).ok()) state.SkipWithError("the rollout failed");
  }
  const double steps = static_cast<double>(lanes) * config::Horizon(config);
  state.counters["MiB"] = ResidentMebibytes() - before;
  state.counters["steps/s"] = Rate(steps);
  state.counters["GFLOP/s"] = Rate(steps * ForwardFlop(spec) * 1e-9);
}
BENCHMARK(ActorLoopByLanes)->RangeMultiplier(4)->Range(1, 4096)->Unit(benchmark::kMillisecond);

// Rollout, values, policy and critic of b1 with one epoch each, so that a thousand episodes can be waited for.
void Update(benchmark::State& state, v1::RunConfig config, uint32_t episodes) {
  config = WithEpisodes(config, episodes);
  config.mutable_ppo()->mutable_policy()->set_epochs(1);
  config.mutable_ppo()->mutable_critic()->set_epochs(1);
  const double before = ResidentMebibytes();
  const auto update = WholeUpdate::Create({config, episodes, 1, ForwardBy::kOurs}).value();
  bool ok = update->FillReplay().ok();
  for (auto _ : state) ok = ok && update->Rollout().ok() && update->Learn().ok();
  if (!ok) state.SkipWithError("the update failed");
  state.counters["MiB"] = ResidentMebibytes() - before;
  state.counters["GFLOP/s"] = Rate(UpdateFlop(config) * 1e-9);
  state.counters["parameters"] = static_cast<double>(SpecOf(config, nn::Role::kCritic).parameter_count);
}

void UpdateByEpisodes(benchmark::State& state) {
  Update(state, ReferenceConfig("b1"), static_cast<uint32_t>(state.range(0)));
}
BENCHMARK(UpdateByEpisodes)
    ->Arg(2)
    ->Arg(6)
    ->Arg(16)
    ->Arg(50)
    ->Arg(160)
    ->Arg(500)
    ->Arg(2000)
    ->Unit(benchmark::kMillisecond);

// 16 episodes of 100 steps, so that ten million parameters can be waited for.
void UpdateByUnits(benchmark::State& state) {
  v1::RunConfig config = WithUnits(state.range(0));
  config.mutable_env()->set_horizon(100);
  config.mutable_ppo()->set_kept_steps(100);
  config.mutable_ppo()->set_segment_steps(100);
  Update(state, config, 16);
}
BENCHMARK(UpdateByUnits)->Arg(14)->Arg(50)->Arg(180)->Arg(570)->Arg(1800)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace nmn::cli::bench

BENCHMARK_MAIN();
