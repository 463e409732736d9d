// Row 28: the kernel kills the learner for want of memory; it goes on to the same weights, as after any kill (row 4).

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "absl/strings/str_cat.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/fleet/memory_cgroup.h"
#include "tests/fault/row.h"

namespace nmn::fault {
namespace {

using std::chrono::milliseconds;

constexpr uint64_t kStep = 256 << 10;

// Takes the learner's memory away while it runs: first what it holds, then, where v1 refuses that, what it will ask for
// next. Until it ends, or for 5 s.
void Starve(Fleet& fleet, MemoryCgroup& group) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (std::chrono::steady_clock::now() < deadline) {
    group.SetLimit(group.usage() > kStep ? group.usage() - kStep : kStep);
    if (fleet.learner().EndsWithin(milliseconds(10))) return;
  }
}

// What became of the lives of the learners.
struct Lives {
  uint64_t killed_at_start = 0;
  uint64_t killed_in_run = 0;
  double slowest_to_serve = 0;
  uint64_t killed() const { return killed_at_start + killed_in_run; }
};

// One run, whose learners are killed until `wanted` are; to its end, which is checked.
void StarveLearnersOfARun(MemoryCgroup& group, uint64_t wanted, std::mt19937_64& random, Lives& lives) {
  const FleetOptions options{.updates = 8, .step_cost_us = 40, .learner_prefix = group.Prefix()};
  Fleet fleet(options);
  fleet.StartActors(2);
  uint64_t held = 0;  // by a learner that runs
  bool died = true;
  while (died && lives.killed() < wanted) {
    const uint64_t kills = group.kills();
    // One life in three has too little from its beginning.
    const bool from_the_start = held > 0 && Below(random, 3) == 0;
    if (from_the_start) group.SetLimit(held * (20 + Below(random, 60)) / 100);
    fleet.StartLearner();
    if (from_the_start) {
      fleet.learner().EndsWithin(std::chrono::seconds(20));
    } else {
      const double serving = fleet.SecondsToServe();
      if (serving < 0 && fleet.WasComplete()) break;
      ASSERT_GE(serving, 0) << fleet.learner().err();
      lives.slowest_to_serve = std::max(lives.slowest_to_serve, serving);
      fleet.WaitForUpdate(static_cast<int>(Below(random, static_cast<uint64_t>(options.updates))));
      if (fleet.learner().EndsWithin(milliseconds(Below(random, 80)))) break;
      held = std::max(held, group.usage());
      Starve(fleet, group);
    }
    group.LiftLimit();
    died = group.kills() > kills;
    (from_the_start ? lives.killed_at_start : lives.killed_in_run) += died ? 1 : 0;
    if (died) {
      EXPECT_EQ(fleet.learner().Wait(), 128 + SIGKILL);
    }
  }
  if (died && !fleet.learner().running()) fleet.StartLearner();
  fleet.ExpectWholeRun();
}

TEST(Row28, ALearnerKilledForWantOfMemoryGoesOnToTheSameWeights) {
  const absl::StatusOr<std::unique_ptr<MemoryCgroup>> group = MemoryCgroup::Create("nmn-row28");
  if (!group.ok()) {
    PrintFigure("28", absl::StrCat("SKIPPED, 1 row not proven here: no cgroup that limits memory can be written (",
                                   group.status().message(), ")"));
    GTEST_SKIP() << group.status();
  }
  const uint64_t wanted = Count(4, 60);
  std::mt19937_64 random(28);
  Lives lives;
  for (uint64_t run = 0; run < 3 * wanted && lives.killed() < wanted && !HasFailure(); ++run)
    StarveLearnersOfARun(**group, wanted, random, lives);
  EXPECT_EQ(lives.killed(), wanted);
  EXPECT_EQ((*group)->kills(), lives.killed());
  EXPECT_LE(lives.slowest_to_serve, Limit(3));
  PrintFigure("28", absl::StrCat(lives.killed(), "/", wanted, " learners killed by the kernel, ", lives.killed_in_run,
                                 " as they ran and ", lives.killed_at_start, " as they started, ", HashFigure(),
                                 ", serving after ", Seconds(lives.slowest_to_serve), " at most"));
}

}  // namespace
}  // namespace nmn::fault
