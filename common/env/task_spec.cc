#include <optional>

#include "common/env/environment.h"
#include "common/env/figures.h"

namespace nmn::env {

absl::StatusOr<v1::TaskSpec> MakeTaskSpec(std::string_view benchmark, const v1::EnvironmentOptions& options) {
  const absl::StatusOr<EnvironmentSpec> spec = FindSpec(benchmark, options);
  if (!spec.ok()) return spec.status();
  v1::TaskSpec task;
  task.set_name(spec->name);
  task.set_version(spec->version);
  task.set_observation_size(spec->observation_size);
  *task.mutable_action() = spec->action;
  task.set_horizon(options.horizon() == 0 ? spec->default_horizon : options.horizon());
  task.set_has_trials(spec->has_trials);
  *task.mutable_measures() = {spec->measures.begin(), spec->measures.end()};
  if (spec->random_return) task.set_random_return(*spec->random_return);
  if (const std::optional<Optimum> optimum = KnownOptimum(benchmark, options)) task.set_best_return(optimum->raw);
  return task;
}

}  // namespace nmn::env
