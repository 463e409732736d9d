#include <array>

#include "absl/strings/str_cat.h"
#include "common/env/environment.h"
#include "common/env/moving_target.h"
#include "common/env/two_targets.h"
#include "common/env/windy_navigation.h"

namespace nmn::env {
namespace {

struct Benchmark {
  std::string_view name;
  EnvironmentSpec (*spec)();
  std::unique_ptr<BatchedEnvironment> (*make)(const v1::EnvironmentOptions&, size_t max_lanes);
};

constexpr std::array<Benchmark, 3> kBenchmarks = {{
    {"b1", MovingTargetSpec, MakeMovingTarget},
    {"b2", WindyNavigationSpec, MakeWindyNavigation},
    {"b3", TwoTargetsSpec, MakeTwoTargets},
}};

absl::StatusOr<const Benchmark*> Find(std::string_view name) {
  std::string names;
  for (const Benchmark& benchmark : kBenchmarks) {
    if (benchmark.name == name) return &benchmark;
    absl::StrAppend(&names, names.empty() ? "" : ", ", std::string(benchmark.name));
  }
  return absl::NotFoundError(absl::StrCat("benchmark is \"", std::string(name), "\"; it must be one of ", names));
}

}  // namespace

std::vector<std::string> BenchmarkNames() {
  std::vector<std::string> names;
  for (const Benchmark& benchmark : kBenchmarks) names.emplace_back(benchmark.name);
  return names;
}

absl::StatusOr<EnvironmentSpec> FindSpec(std::string_view benchmark) {
  const auto found = Find(benchmark);
  if (!found.ok()) return found.status();
  return (*found)->spec();
}

absl::StatusOr<std::unique_ptr<BatchedEnvironment>> MakeEnvironment(std::string_view benchmark,
                                                                    const v1::EnvironmentOptions& options,
                                                                    size_t max_lanes) {
  const auto found = Find(benchmark);
  if (!found.ok()) return found.status();
  if (const absl::Status valid = ValidateOptions(benchmark, options); !valid.ok()) return valid;
  if (max_lanes == 0) return absl::InvalidArgumentError("a batch of environments has 0 lanes; it must have at least 1");
  return (*found)->make(options, max_lanes);
}

}  // namespace nmn::env
