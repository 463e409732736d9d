#include <array>

#include "absl/strings/str_cat.h"
#include "common/env/environment.h"
#include "common/env/moving_target.h"
#include "common/env/two_targets.h"
#include "common/env/windy_navigation.h"

namespace nmn::env {
namespace {

struct Benchmark {
  EnvironmentSpec spec;
  std::unique_ptr<BatchedEnvironment> (*make)(const v1::EnvironmentOptions&, size_t max_lanes);
};

// A benchmark's name is in its spec and nowhere else.
const std::array<Benchmark, 3>& Benchmarks() {
  static const auto& benchmarks = *new std::array<Benchmark, 3>{{
      {MovingTargetSpec(), MakeMovingTarget},
      {WindyNavigationSpec(), MakeWindyNavigation},
      {TwoTargetsSpec(), MakeTwoTargets},
  }};
  return benchmarks;
}

absl::StatusOr<const Benchmark*> Find(std::string_view name) {
  std::string names;
  for (const Benchmark& benchmark : Benchmarks()) {
    if (benchmark.spec.name == name) return &benchmark;
    absl::StrAppend(&names, names.empty() ? "" : ", ", benchmark.spec.name);
  }
  return absl::NotFoundError(absl::StrCat("benchmark is \"", std::string(name), "\"; it must be one of ", names));
}

}  // namespace

std::vector<std::string> BenchmarkNames() {
  std::vector<std::string> names;
  for (const Benchmark& benchmark : Benchmarks()) names.push_back(benchmark.spec.name);
  return names;
}

std::string ListOfBenchmarks(bool titles) {
  std::string list;
  const std::array<Benchmark, 3>& all = Benchmarks();
  for (size_t i = 0; i < all.size(); ++i) {
    if (i > 0) list += i + 1 == all.size() ? " or " : ", ";
    list += all[i].spec.name;
    if (titles) absl::StrAppend(&list, " (", all[i].spec.title, ")");
  }
  return list;
}

absl::StatusOr<EnvironmentSpec> FindSpec(std::string_view benchmark) {
  const auto found = Find(benchmark);
  if (!found.ok()) return found.status();
  return (*found)->spec;
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
