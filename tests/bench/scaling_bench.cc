// How cost grows: with parameters, sequences, lanes, threads and episodes. Counters: GFLOP/s by the convention of
// cli/bench/networks.h, and where memory grows with the size, what the pass took (MiB).
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

// b1's NMN with another number of GRU units.
void BackwardByUnits(benchmark::State& state) {
  v1::NetworkOptions options = ReferenceConfig("b1").network();
  options.set_recurrent_sizes(0, static_cast<uint32_t>(state.range(0)));
  Backward(state, nn::MakeNetworkSpec(options, nn::Role::kCritic, 1).value(), /*steps=*/50, /*sequences=*/25, 1);
}
BENCHMARK(BackwardByUnits)->Arg(14)->Arg(50)->Arg(180)->Arg(570)->Arg(1800)->Unit(benchmark::kMillisecond);

void BackwardBySequences(benchmark::State& state) {
  Backward(state, ReferenceSpec("b1", nn::Role::kActor), 200, static_cast<size_t>(state.range(0)), 1);
}
BENCHMARK(BackwardBySequences)->RangeMultiplier(4)->Range(1, 1024)->Unit(benchmark::kMillisecond);

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
  rollout->SetParameters(nn::InitialParameters(spec, 1));
  for (auto _ : state) {
    if (!rollout->Run({.seed = 1, .update = 1}, lanes).ok()) state.SkipWithError("the rollout failed");
  }
  const double steps = static_cast<double>(lanes) * config::Horizon(config);
  state.counters["MiB"] = ResidentMebibytes() - before;
  state.counters["steps/s"] = Rate(steps);
  state.counters["GFLOP/s"] = Rate(steps * ForwardFlop(spec) * 1e-9);
}
BENCHMARK(ActorLoopByLanes)->RangeMultiplier(4)->Range(1, 4096)->Unit(benchmark::kMillisecond);

// Rollout, policy and critic of b1 with this many episodes an update; one epoch each, so that a thousand can be waited
// for.
void UpdateByEpisodes(benchmark::State& state) {
  v1::RunConfig config = WithEpisodes(ReferenceConfig("b1"), static_cast<uint32_t>(state.range(0)));
  config.mutable_ppo()->mutable_policy()->set_epochs(1);
  config.mutable_ppo()->mutable_critic()->set_epochs(1);
  const double before = ResidentMebibytes();
  const auto update = WholeUpdate::Create({config, config.ppo().episodes_per_update(), 1, ForwardBy::kOurs}).value();
  bool ok = update->FillReplay().ok();
  for (auto _ : state) ok = ok && update->Rollout().ok() && update->Learn().ok();
  if (!ok) state.SkipWithError("the update failed");
  state.counters["MiB"] = ResidentMebibytes() - before;
  state.counters["GFLOP/s"] = Rate(UpdateFlop(config) * 1e-9);
}
BENCHMARK(UpdateByEpisodes)->Arg(2)->Arg(10)->Arg(50)->Arg(250)->Arg(1250)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace nmn::cli::bench

BENCHMARK_MAIN();
