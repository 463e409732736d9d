// Rows 1, 2 and 3: what happens to actors does not change results and holds nobody up for long.

#include <gtest/gtest.h>

#include <csignal>

#include "absl/strings/str_cat.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/fleet/rate.h"
#include "tests/fault/row.h"

namespace nmn::fault {
namespace {

using std::chrono::milliseconds;

TEST(Row1, KilledActorsChangeNothing) {
  const FleetOptions options{.updates = 12, .step_cost_us = 40};
  std::mt19937_64 random(1);
  const uint64_t wanted = Count(15, 100);
  uint64_t kills = 0;
  int runs = 0;
  double stall = 0;
  for (; kills < wanted; ++runs) {
    Fleet fleet(options);
    fleet.StartLearner();
    fleet.StartActors(3);
    ASSERT_GE(fleet.SecondsToServe(), 0) << fleet.learner().err();
    while (kills < wanted && !fleet.learner().EndsWithin(milliseconds(Below(random, 250)))) {
      const std::string victim = "a" + std::to_string(Below(random, 3));
      fleet.actor(victim).Signal(SIGKILL);
      fleet.StartActor(victim);
      ++kills;
    }
    fleet.ExpectWholeRun();
    stall = std::max(stall, fleet.Greatest("wait_seconds"));
    if (HasFailure()) break;
  }
  // A lease, and the units of a lease once more: 20 episodes of 120 steps at most.
  EXPECT_LE(stall, Limit(options.lease_seconds + 0.5));
  PrintFigure("1", absl::StrCat(kills, "/", wanted, " kills in ", runs, " runs, ", HashFigure(), ", longest stall ",
                                Seconds(stall)));
}

double RateBesideASlowActor(const FleetOptions& options) {
  return Rate(options, 2, [&](Fleet& fleet) {
    // It runs for a tenth of the time.
    while (fleet.update() < options.updates) {
      fleet.actor("a1").Signal(SIGSTOP);
      if (fleet.learner().EndsWithin(milliseconds(45))) break;
      fleet.actor("a1").Signal(SIGCONT);
      if (fleet.learner().EndsWithin(milliseconds(5))) break;
    }
  });
}

TEST(Row2, AStoppedActorCostsTheOthersLittle) {
  const FleetOptions options{.updates = static_cast<int>(Count(16, 200)), .step_cost_us = 60};
  const double alone = Rate(options, 1, [](Fleet&) {});
  const double beside_stopped = Rate(options, 2, [](Fleet& fleet) { fleet.actor("a1").Signal(SIGSTOP); });
  const double least = Full() ? 0.7 : 0.35;
  EXPECT_GE(beside_stopped, least * alone);
  std::string figure = absl::StrCat("the other keeps ", static_cast<int>(100 * beside_stopped / alone),
                                    " % of its rate beside a stopped actor");
  if (Full()) {
    const double beside_slow = RateBesideASlowActor(options);
    EXPECT_GE(beside_slow, least * alone);
    absl::StrAppend(&figure, ", ", static_cast<int>(100 * beside_slow / alone), " % beside one ten times slow");
  }
  PrintFigure("2", absl::StrCat(figure, ", ", HashFigure()));
}

TEST(Row3, ALearnerWithoutActorsWaitsAndServes) {
  const FleetOptions options{.updates = 10, .step_cost_us = 40};
  Fleet fleet(options);
  fleet.StartLearner();
  fleet.StartActors(2);
  ASSERT_TRUE(fleet.WaitForUpdate(3)) << fleet.learner().err();
  for (auto& [name, actor] : fleet.actors()) {
    actor.Signal(SIGKILL);
    actor.Wait();
  }
  // The update that had its episodes already goes on first.
  EXPECT_TRUE(fleet.WaitFor([&] { return fleet.Status().state() == "waiting for actors"; }, kPatience));
  const auto absence = milliseconds(Count(2000, 60'000));
  EXPECT_FALSE(fleet.learner().EndsWithin(absence)) << fleet.learner().err();
  const v1::GetStatusResponse status = fleet.Status();
  EXPECT_EQ(status.state(), "waiting for actors");
  const int before = fleet.update();
  ASSERT_LT(before, options.updates);
  const auto start = std::chrono::steady_clock::now();
  fleet.StartActors(2);
  EXPECT_TRUE(fleet.WaitForUpdate(before + 1)) << fleet.learner().err();
  const std::chrono::duration<double> resumed = std::chrono::steady_clock::now() - start;
  EXPECT_LE(resumed.count(), Limit(5));
  fleet.ExpectWholeRun();
  PrintFigure("3", absl::StrCat("no actor for ", absence.count() / 1000, " s, resumed after ", Seconds(resumed.count()),
                                ", ", HashFigure()));
}

}  // namespace
}  // namespace nmn::fault
