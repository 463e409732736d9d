// Mode ASYNC keeps every promise but that of equal bits: learners and actors are killed at random moments, and each
// episode is trained on once, no further behind than the bound.

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "absl/strings/str_cat.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/row.h"

namespace nmn::fault {
namespace {

using std::chrono::milliseconds;

constexpr int kMaxLag = 2;

TEST(Async, KilledLearnersAndActorsLoseAndRepeatNothing) {
  const FleetOptions options{.updates = 12,
                             .step_cost_us = 40,
                             .set = {"mode=ASYNC", absl::StrCat("async.max_lag=", kMaxLag), "async.v_trace=true"}};
  const uint64_t wanted = Count(6, 100);
  std::mt19937_64 random(6);
  uint64_t learners = 0, actors = 0;
  int runs = 0;
  double lag = 0;
  while (learners + actors < wanted && !HasFailure()) {
    Fleet fleet(options);
    fleet.StartLearner();
    fleet.StartActors(3);
    ++runs;
    while (learners + actors < wanted) {
      fleet.WaitForUpdate(fleet.update() + static_cast<int>(Below(random, 4)));
      if (fleet.learner().EndsWithin(milliseconds(Below(random, 150)))) break;
      if (Below(random, 2) == 0) {
        fleet.learner().Signal(SIGKILL);
        fleet.learner().Wait();
        fleet.StartLearner();
        ++learners;
      } else {
        const std::string victim = absl::StrCat("a", Below(random, 3));
        fleet.actor(victim).Signal(SIGKILL);
        fleet.StartActor(victim);
        ++actors;
      }
    }
    fleet.ExpectComplete();
    lag = std::max(lag, fleet.Greatest("policy_lag_max"));
    EXPECT_LE(lag, kMaxLag);
  }
  PrintFigure("async", absl::StrCat(learners, " learners and ", actors, " actors killed in ", runs, " runs, ",
                                    HasFailure() ? "a record is wrong" : "every episode trained on once",
                                    ", no more than ", lag, " versions behind"));
}

}  // namespace
}  // namespace nmn::fault
