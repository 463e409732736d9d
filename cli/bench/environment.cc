// The environments alone, driven by fixed Gaussian actions.

#include "common/env/environment.h"

#include <memory>

#include "cli/bench/benchmark.h"
#include "cli/bench/lanes.h"
#include "cli/bench/networks.h"
#include "cli/bench/verify.h"

namespace nmn::cli::bench {
namespace {

constexpr size_t kSteps = 400;
constexpr size_t kActionRows = 16;  // rows of actions, used in turn

struct Play {
  std::unique_ptr<env::BatchedEnvironment> environment;
  std::vector<float> raw_action, action, reward, observation;
};

absl::StatusOr<Pass> MakePass(const std::string& name, const std::string& benchmark, size_t lanes) {
  v1::RunConfig config = ReferenceConfig(benchmark);
  config.mutable_env()->set_horizon(kSteps);
  auto environment = env::MakeEnvironment(benchmark, config.env(), lanes);
  if (!environment.ok()) return environment.status();
  const auto play = std::make_shared<Play>();
  play->environment = *std::move(environment);
  play->raw_action = Normals(kActionRows * lanes, 1.0f, 1);
  play->action.resize(lanes);
  play->reward.resize(lanes);
  play->observation.resize(play->environment->spec().observation_size * lanes);
  return Pass([name, play, lanes] {
    const View2 observation(play->observation.data(), play->environment->spec().observation_size, lanes);
    Forget(play->action);
    play->environment->Reset({.seed = 1, .update = 1}, observation);
    for (size_t t = 0; t < kSteps; ++t) {
      play->environment->Step({&play->raw_action[t % kActionRows * lanes], 1, lanes},
                              {{play->action.data(), 1, lanes}, play->reward.data(), observation});
    }
    absl::Status acted = CheckWritten(name, play->action);
    return acted.ok() ? CheckWritten(name, play->observation) : acted;
  });
}

}  // namespace

void AddEnvironment(std::vector<Benchmark>& all) {
  for (const std::string& b : BenchmarkNames()) {
    const std::string name = "environment/" + b;
    all.push_back({name, [name, b](const Context& context) {
                     return MeasureLanes({.name = name,
                                          .steps = kSteps,
                                          .flop_per_step = 0,
                                          .lanes = BatchSizes(),
                                          .ours = [name, b](size_t lanes) { return MakePass(name, b, lanes); },
                                          .twin = {}},
                                         context);
                   }});
  }
}

}  // namespace nmn::cli::bench
