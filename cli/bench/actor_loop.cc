// What an actor does: forward pass, sampling and environment, whole episodes of a batch.

#include "cli/bench/actor_loop.h"

#include "cli/bench/benchmark.h"
#include "cli/bench/lanes.h"
#include "cli/bench/networks.h"
#include "cli/bench/twin.h"
#include "cli/bench/verify.h"
#include "common/config/config.h"
#include "common/config/task.h"
#include "common/env/environment.h"

namespace nmn::cli::bench {
namespace {

constexpr uint32_t kSteps = 200;  // of an episode when batches are compared; the preset's batch plays the whole T

PassFactory Factory(const std::string& name, const v1::RunConfig& config, ForwardBy by) {
  return [name, config, by](size_t lanes) -> absl::StatusOr<Pass> {
    auto made = MakeRollout(config, lanes, by);
    if (!made.ok()) return made.status();
    const std::shared_ptr<actor::RolloutEngine> engine = *std::move(made);
    engine->SetParameters(nn::InitialParameters(ReferenceSpec(config.benchmark(), nn::Role::kActor), config.seed()), 1);
    return Pass([name, engine, lanes, steps = config::RolloutSteps(config)] {
      const auto played = engine->Run({.seed = 1, .update = 1}, lanes);
      if (!played.ok()) return played.status();
      // What the policy said last.
      const ConstView3 policy = played->trajectories.array(played->trajectories.layout().fields().size() - 1);
      if (policy.planes != steps || policy.columns != lanes)
        return absl::InternalError(name + ": not every step was played");
      return CheckWritten(name, std::span(policy.plane(steps - 1).data, policy.rows * lanes));
    });
  };
}

void Add(const std::string& name, v1::RunConfig config, std::vector<size_t> lanes, std::vector<Benchmark>& all) {
  all.push_back({name, [name, config, lanes](const Context& context) {
                   return MeasureLanes(
                       {.name = name,
                        .steps = config::RolloutSteps(config),
                        .flop_per_step = ForwardFlop(ReferenceSpec(config.benchmark(), nn::Role::kActor)),
                        .lanes = lanes,
                        .ours = Factory(name, config, ForwardBy::kOurs),
                        .twin = Factory(name, config, ForwardBy::kLibTorch)},
                       context);
                 }});
}

}  // namespace

absl::StatusOr<std::unique_ptr<actor::RolloutEngine>> MakeRollout(const v1::RunConfig& config, size_t lanes,
                                                                  ForwardBy by) {
  if (by == ForwardBy::kOurs) return actor::RolloutEngine::Create(config, lanes);
  auto forward = MakeTwinForward(ReferenceSpec(config.benchmark(), nn::Role::kActor));
  if (!forward.ok()) return forward.status();
  return actor::RolloutEngine::CreateWith(*std::move(forward), config, lanes);
}

void AddActorLoop(std::vector<Benchmark>& all) {
  for (const std::string& b : BenchmarkNames()) {
    v1::RunConfig config = ReferenceConfig(b);
    const size_t preset_lanes = config.ppo().episodes_per_update();
    Add("actor_loop/" + b + "/preset", config, {preset_lanes}, all);
    config.mutable_env()->set_horizon(kSteps);
    config::ResolveTask(config);
    Add("actor_loop/" + b, config, BatchSizes(), all);
  }
}

}  // namespace nmn::cli::bench
