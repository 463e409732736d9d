#include "common/env/figures.h"

#include <cmath>

#include "common/env/environment.h"

namespace nmn::env {

std::vector<uint32_t> AdaptationSteps(uint32_t horizon) {
  std::vector<uint32_t> steps;
  for (const uint32_t step : kAdaptationSteps) {
    if (step + 1 < horizon) steps.push_back(step);
  }
  steps.push_back(horizon - 1);
  return steps;
}

std::optional<Optimum> KnownOptimum(std::string_view benchmark, const v1::EnvironmentOptions& options) {
  const absl::StatusOr<EnvironmentSpec> spec = FindSpec(benchmark, options);
  if (!spec.ok() || spec->oracle_return == 0) return std::nullopt;
  const bool holds =
      (spec->oracle_horizon == 0 || options.horizon() == 0 || options.horizon() == spec->oracle_horizon) &&
      options.switch_probability() == 0 && options.switch_steps().empty() && options.tasks().empty() &&
      options.targets().empty() && std::abs(options.cone() - spec->oracle_cone) < 1e-4;
  if (!holds) return std::nullopt;
  return Optimum{spec->oracle_return, spec->oracle_discounted};
}

std::optional<Optimum> KnownTrainingOptimum(const v1::RunConfig& config) {
  const std::optional<Optimum> optimum = KnownOptimum(config.benchmark(), config.env());
  if (!optimum) return std::nullopt;
  const uint32_t steps = config.ppo().rollout_steps();
  const bool whole = steps == 0 || steps == config.task().horizon();
  return whole ? optimum : std::nullopt;
}

}  // namespace nmn::env
