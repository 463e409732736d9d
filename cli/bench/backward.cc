// Forward and backward through time, at the shapes in which training runs it.

#include <array>
#include <memory>

#include "cli/bench/benchmark.h"
#include "cli/bench/networks.h"
#include "cli/bench/twin.h"
#include "cli/bench/verify.h"
#include "common/nn/denormals.h"
#include "learner/bptt/sequence_network.h"

namespace nmn::cli::bench {
namespace {

// Sequences in one pass: the policy's full batch goes in groups of this many, the critic's in minibatches.
constexpr size_t kPolicySequences = 100;
constexpr size_t kCriticSequences = 25;

struct Shape {
  nn::NetworkSpec spec;
  size_t steps = 0;
  size_t sequences = 0;
};

// What one pass reads and writes.
struct Data {
  explicit Data(const Shape& s)
      : parameters(nn::InitialParameters(s.spec, 1)),
        recurrent(Normals(s.steps * s.spec.recurrent_input_size * s.sequences, 1.0f, 1)),
        main(Normals(s.steps * s.spec.main_input_size * s.sequences, 1.0f, 2)),
        output_gradient(Normals(s.steps * s.spec.output_size * s.sequences, 1e-3f, 3)),
        output(output_gradient.size()),
        gradient(s.spec.parameter_count) {}

  std::vector<float> parameters, recurrent, main, output_gradient, output, gradient;
};

absl::StatusOr<Result> Measure(const std::string& name, const Shape& shape, const Context& context) {
  const nn::NetworkSpec& spec = shape.spec;
  Data data(shape);
  const auto view = [&](std::vector<float>& values, size_t features) {
    return View3(values.data(), shape.steps, features, shape.sequences);
  };
  const bptt::SequenceInput input{
      view(data.recurrent, spec.recurrent_input_size), view(data.main, spec.main_input_size), {}, {}};
  const auto network = bptt::SequenceNetwork::Create(spec, /*threads=*/1);
  if (!network.ok()) return network.status();
  (*network)->SetParameters(data.parameters);
  const Pass ours = [&] {
    Forget(data.output);
    Forget(data.gradient);
    (*network)->Forward(input, view(data.output, spec.output_size));
    (*network)->Backward(view(data.output_gradient, spec.output_size), data.gradient);
    absl::Status forward = CheckWritten(name, data.output);
    return forward.ok() ? CheckWritten(name, data.gradient) : forward;
  };
  const absl::StatusOr<Pass> twin =
      MakeTwinBackward(spec, data.parameters, input, view(data.output_gradient, spec.output_size));
  if (!twin.ok()) return twin.status();

  const nn::ScopedFlushDenormals flush;
  const std::array<Pass, 2> passes = {ours, *twin};
  // The first passes take memory.
  if (auto warm = Interleave(passes, {.least = 1, .budget_seconds = 0}); !warm.ok()) return warm.status();
  const absl::StatusOr<std::vector<double>> seconds = Interleave(passes, {});
  if (!seconds.ok()) return seconds.status();

  Result result;
  result.name = name;
  result.value = static_cast<double>(shape.steps * shape.sequences) / (*seconds)[0];
  result.unit = "sample-passes/s";
  result.gflops = result.value * BackwardFlop(spec) * 1e-9;
  result.ceiling_fraction = result.gflops / context.ceiling_gflops;
  result.twin_ratio = (*seconds)[1] / (*seconds)[0];
  result.conditions = {{"sequences", shape.sequences}, {"steps", shape.steps}};
  return result;
}

}  // namespace

void AddBackward(std::vector<Benchmark>& all) {
  for (const std::string& b : BenchmarkNames()) {
    const size_t steps = ReferenceConfig(b).ppo().segment_steps();
    for (const nn::Role role : {nn::Role::kActor, nn::Role::kCritic}) {
      const bool actor = role == nn::Role::kActor;
      const std::string name = "backward/" + b + (actor ? "/policy" : "/critic");
      const size_t sequences = actor ? kPolicySequences : kCriticSequences;
      all.push_back({name, [=](const Context& context) {
                       return Measure(name, {ReferenceSpec(b, role), steps, sequences}, context);
                     }});
    }
  }
}

}  // namespace nmn::cli::bench
