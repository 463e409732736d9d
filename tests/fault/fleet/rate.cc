#include "tests/fault/fleet/rate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

namespace nmn::fault {

double Rate(const FleetOptions& options, int count, const std::function<void(Fleet&)>& hinder) {
  Fleet fleet(options);
  fleet.StartLearner();
  fleet.StartActors(count);
  EXPECT_TRUE(fleet.WaitForUpdate(1)) << fleet.learner().err();
  const auto start = std::chrono::steady_clock::now();
  hinder(fleet);
  EXPECT_TRUE(fleet.WaitForUpdate(options.updates, std::chrono::minutes(10))) << fleet.learner().err();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  for (auto& [name, actor] : fleet.actors()) actor.Signal(SIGCONT);
  fleet.ExpectWholeRun();
  return (options.updates - 1) / took.count();
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<long>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace nmn::fault
