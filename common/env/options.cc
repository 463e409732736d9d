#include <cmath>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "common/env/environment.h"
#include "common/env/torus.h"

namespace nmn::env {
namespace {

constexpr uint32_t kMaxHorizon = 1'000'000;
constexpr double kMaxStepCostUs = 1e6;
constexpr float kMaxAlpha = 10;
constexpr float kMaxWind = 6.2832f;  // a little above 2 pi, so that either rounding of it is legal

absl::Status Refuse(const auto& field, const auto& value, std::string_view legal) {
  return absl::InvalidArgumentError(absl::StrCat("env.", field, " is ", value, "; it must be ", std::string(legal)));
}

bool Within(double value, double low, double high) { return value >= low && value <= high; }

absl::Status ValidateDomain(bool is_b1, v1::Domain domain) {
  if (domain == v1::DOMAIN_REFERENCE || (domain == v1::DOMAIN_PAPER && is_b1)) return absl::OkStatus();
  if (domain == v1::DOMAIN_UNSPECIFIED && !is_b1) return absl::OkStatus();
  const std::string name =
      v1::Domain_IsValid(domain) ? v1::Domain_Name(domain) : absl::StrCat(static_cast<int>(domain));
  return Refuse("domain", name, is_b1 ? "DOMAIN_REFERENCE or DOMAIN_PAPER" : "DOMAIN_REFERENCE (only b1 has another)");
}

absl::Status ValidateTasks(std::string_view benchmark, const v1::EnvironmentOptions& options) {
  for (int i = 0; i < options.tasks_size(); ++i) {
    const float task = options.tasks(i);
    const std::string field = absl::StrCat("tasks[", i, "]");
    if (benchmark == "b1" && !Within(task, -kMaxAlpha, kMaxAlpha)) return Refuse(field, task, "in [-10, 10] (alpha)");
    if (benchmark == "b2" && !Within(task, -kMaxWind, kMaxWind)) {
      return Refuse(field, task, "in [-6.2832, 6.2832] (wind direction, radians)");
    }
    if (benchmark == "b3" && task != 0 && task != 1) {
      return Refuse(field, task, "0 (the good target is listed first) or 1 (the bad one)");
    }
    if (benchmark != "b1" && benchmark != "b2" && benchmark != "b3")
      return Refuse(field, task, "absent (only b1, b2 and b3 say what their tasks are)");
  }
  return absl::OkStatus();
}

absl::Status ValidateTargets(bool is_b2, const v1::EnvironmentOptions& options) {
  if (options.targets_size() == 0) return absl::OkStatus();
  const std::string count = absl::StrCat("a list of ", options.targets_size(), " numbers");
  if (!is_b2) return Refuse("targets", count, "empty (only b2 takes targets)");
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
  if (const auto status = ValidateDomain(benchmark == "b1", options.domain()); !status.ok()) return status;
  if (benchmark != "b2" && options.cone() != 0) return Refuse("cone", options.cone(), "0 (only b2 has a cone)");
  if (!Within(options.cone(), 0, std::numbers::pi)) {
    return Refuse("cone", options.cone(), "in [0, 3.14159] (radians; the paper's is pi/5 = 0.628319)");
  }
  if (!Within(options.switch_probability(), 0, 1)) {
    return Refuse("switch_probability", options.switch_probability(), "in [0, 1] (the paper's is 0)");
  }
  const uint32_t horizon = options.horizon() == 0 ? spec->default_horizon : options.horizon();
  for (int i = 0; i < options.switch_steps_size(); ++i) {
    if (options.switch_steps(i) >= horizon) {
      return Refuse(absl::StrCat("switch_steps[", i, "]"), options.switch_steps(i),
                    absl::StrCat("below the horizon, ", horizon));
    }
  }
  if (!Within(options.step_cost_us(), 0, kMaxStepCostUs)) {
    return Refuse("step_cost_us", options.step_cost_us(), "in [0, 1000000] microseconds");
  }
  if (const auto status = ValidateTasks(benchmark, options); !status.ok()) return status;
  return ValidateTargets(benchmark == "b2", options);
}

}  // namespace nmn::env
