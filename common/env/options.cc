#include <cmath>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "common/env/bandit.h"
#include "common/env/environment.h"
#include "common/env/torus.h"
#include "common/text/counted.h"

namespace nmn::env {
namespace {

constexpr uint32_t kMaxHorizon = 1'000'000;
constexpr double kMaxStepCostUs = 1e6;

absl::Status Refuse(const auto& field, const auto& value, std::string_view legal) {
  return absl::InvalidArgumentError(absl::StrCat("env.", field, " is ", value, "; it must be ", std::string(legal)));
}

bool Within(double value, double low, double high) { return value >= low && value <= high; }

absl::Status ValidateDomain(const EnvironmentSpec& spec, v1::Domain domain) {
  const bool two = spec.has_paper_domain;
  if (domain == v1::DOMAIN_REFERENCE || (domain == v1::DOMAIN_PAPER && two)) return absl::OkStatus();
  if (domain == v1::DOMAIN_UNSPECIFIED && !two) return absl::OkStatus();
  const std::string name =
      v1::Domain_IsValid(domain) ? v1::Domain_Name(domain) : absl::StrCat(static_cast<int>(domain));
  return Refuse(
      "domain", name,
      two ? "DOMAIN_REFERENCE or DOMAIN_PAPER"
          : absl::StrCat("DOMAIN_REFERENCE (only ", TasksThat(&EnvironmentSpec::has_paper_domain), " has another)"));
}

absl::Status ValidateTasks(const EnvironmentSpec& spec, const v1::EnvironmentOptions& options) {
  if (options.tasks_size() > 0 && spec.legal_tasks.empty()) {
    return Refuse("tasks", absl::StrCat("a list of ", text::Counted(options.tasks_size(), "number")),
                  absl::StrCat("empty (the tasks of ", spec.name, " cannot be given)"));
  }
  for (int i = 0; i < options.tasks_size(); ++i) {
    const float task = options.tasks(i);
    const bool legal =
        Within(task, spec.least_task, spec.largest_task) && !(spec.whole_tasks && task != std::trunc(task));
    if (!legal) return Refuse(absl::StrCat("tasks[", i, "]"), task, spec.legal_tasks);
  }
  return absl::OkStatus();
}

// The switches of a task within an episode.
absl::Status ValidateSwitches(const EnvironmentSpec& spec, const v1::EnvironmentOptions& options) {
  const std::string none = absl::StrCat("only ", TasksThat(&EnvironmentSpec::has_switches), " has them");
  if (options.switch_probability() != 0 && !spec.has_switches)
    return Refuse("switch_probability", options.switch_probability(), absl::StrCat("0 (switches: ", none, ")"));
  if (options.switch_steps_size() != 0 && !spec.has_switches) {
    return Refuse("switch_steps", absl::StrCat("a list of ", text::Counted(options.switch_steps_size(), "number")),
                  absl::StrCat("empty (switches: ", none, ")"));
  }
  if (!Within(options.switch_probability(), 0, 1)) {
    return Refuse("switch_probability", options.switch_probability(), "in [0, 1] (the paper's is 0)");
  }
  const uint32_t horizon = options.horizon() == 0 ? spec.default_horizon : options.horizon();
  for (int i = 0; i < options.switch_steps_size(); ++i) {
    if (options.switch_steps(i) >= horizon) {
      return Refuse(absl::StrCat("switch_steps[", i, "]"), options.switch_steps(i),
                    absl::StrCat("below the horizon, ", horizon));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateArms(const EnvironmentSpec& spec, uint32_t arms) {
  if (!spec.has_arms && arms != 0)
    return Refuse("arms", arms, absl::StrCat("0 (only ", TasksThat(&EnvironmentSpec::has_arms), " has arms)"));
  if (spec.has_arms && arms != 0 && (arms < 2 || arms > kMostArms))
    return Refuse("arms", arms, absl::StrCat("in [2, ", kMostArms, "], or 0 for ", kDefaultArms));
  return absl::OkStatus();
}

absl::Status ValidateTargets(const EnvironmentSpec& spec, const v1::EnvironmentOptions& options) {
  if (options.targets_size() == 0) return absl::OkStatus();
  const std::string count = absl::StrCat("a list of ", text::Counted(options.targets_size(), "number"));
  if (!spec.has_targets) {
    return Refuse("targets", count,
                  absl::StrCat("empty (only ", TasksThat(&EnvironmentSpec::has_targets), " takes targets)"));
  }
  if (options.targets_size() % 2 != 0) return Refuse("targets", count, "pairs x0, y0, x1, y1, ..");
  for (int i = 0; i < options.targets_size(); ++i) {
    if (!Within(options.targets(i), -kTorusEdge, kTorusEdge)) {
      return Refuse(absl::StrCat("targets[", i, "]"), options.targets(i), "in [-2, 2] (drawn ones lie in [-1, 1])");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateOptions(std::string_view benchmark, const v1::EnvironmentOptions& options) {
  const auto spec = FindSpec(benchmark);
  if (!spec.ok()) return spec.status();
  if (options.horizon() > kMaxHorizon) {
    return Refuse("horizon", options.horizon(),
                  absl::StrCat("in [1, ", kMaxHorizon, "], or 0 for ", spec->default_horizon));
  }
  if (const auto status = ValidateDomain(*spec, options.domain()); !status.ok()) return status;
  if (!spec->has_cone && options.cone() != 0) {
    return Refuse("cone", options.cone(),
                  absl::StrCat("0 (only ", TasksThat(&EnvironmentSpec::has_cone), " has a cone)"));
  }
  if (!Within(options.cone(), 0, std::numbers::pi)) {
    return Refuse("cone", options.cone(), "in [0, 3.14159] (radians; the paper's is pi/5 = 0.628319)");
  }
  if (const auto status = ValidateSwitches(*spec, options); !status.ok()) return status;
  if (const auto status = ValidateArms(*spec, options.arms()); !status.ok()) return status;
  if (!Within(options.step_cost_us(), 0, kMaxStepCostUs)) {
    return Refuse("step_cost_us", options.step_cost_us(), "in [0, 1000000] microseconds");
  }
  if (const auto status = ValidateTasks(*spec, options); !status.ok()) return status;
  return ValidateTargets(*spec, options);
}

}  // namespace nmn::env
