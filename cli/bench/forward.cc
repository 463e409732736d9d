// The policy's forward pass alone, a step at a time.

#include <memory>

#include "cli/bench/benchmark.h"
#include "cli/bench/lanes.h"
#include "cli/bench/networks.h"
#include "cli/bench/twin.h"
#include "cli/bench/verify.h"
#include "common/nn/denormals.h"
#include "common/nn/policy_forward.h"

namespace nmn::cli::bench {
namespace {

constexpr size_t kSteps = 100;

struct Network {
  std::unique_ptr<nn::PolicyForward> forward;
  std::vector<float> input;  // [a, r, x, previous x], each [.., lane]
  std::vector<float> output;
};

absl::StatusOr<Pass> MakePass(const std::string& name, absl::StatusOr<std::unique_ptr<nn::PolicyForward>> forward,
                              size_t lanes) {
  if (!forward.ok()) return forward.status();
  const auto network = std::make_shared<Network>();
  network->forward = *std::move(forward);
  const nn::NetworkSpec& spec = network->forward->spec();
  network->forward->SetParameters(nn::InitialParameters(spec, 1));
  network->input = Normals((spec.action_size + 1 + 2 * spec.observation_size) * lanes, 1.0f, 2);
  network->output.resize(spec.output_size * lanes);
  return Pass([name, network, lanes] {
    const nn::ScopedFlushDenormals flush;
    const nn::NetworkSpec& spec = network->forward->spec();
    const ConstView2 action(network->input.data(), spec.action_size, lanes);
    const float* reward = action.data + spec.action_size * lanes;
    const ConstView2 observation(reward + lanes, spec.observation_size, lanes);
    const ConstView2 previous(observation.data + spec.observation_size * lanes, spec.observation_size, lanes);
    Forget(network->output);
    network->forward->Reset(lanes);
    for (size_t t = 0; t < kSteps; ++t) {
      network->forward->Step({observation, action, reward, previous},
                             View2(network->output.data(), spec.output_size, lanes));
    }
    return CheckWritten(name, network->output);
  });
}

}  // namespace

void AddForward(std::vector<Benchmark>& all) {
  for (const std::string& b : BenchmarkNames()) {
    const std::string name = "forward/" + b;
    all.push_back(
        {name, [name, b](const Context& context) {
           const nn::NetworkSpec spec = ReferenceSpec(b, nn::Role::kActor);
           return MeasureLanes(
               {.name = name,
                .steps = kSteps,
                .flop_per_step = ForwardFlop(spec),
                .lanes = BatchSizes(),
                .ours = [&](size_t lanes) { return MakePass(name, nn::PolicyForward::Create(spec, lanes), lanes); },
                .twin = [&](size_t lanes) { return MakePass(name, MakeTwinForward(spec), lanes); }},
               context);
         }});
  }
}

}  // namespace nmn::cli::bench
