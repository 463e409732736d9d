// Rows 4 and 20: a learner that is killed or told to stop, at any moment of its run, goes on to the same weights.

#include <gtest/gtest.h>

#include <csignal>
#include <functional>

#include "absl/strings/str_cat.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/row.h"

namespace nmn::fault {
namespace {

using std::chrono::milliseconds;

const FleetOptions kOptions{.updates = 8, .step_cost_us = 40};
constexpr int kLastCheckpoint = 6;  // of a tiny run of 8 updates: every third

// How the lives of learners ended.
struct Lives {
  uint64_t cut = 0;
  uint64_t before_first_update = 0;
  uint64_t past_last_checkpoint = 0;
  uint64_t resumed = 0;
  double slowest_to_serve = 0;
};

// Cuts lives short by `cut` until `wanted` are; each run goes on to its end and is checked.
Lives CutLives(uint64_t wanted, uint64_t seed, const std::function<void(Fleet&)>& cut) {
  std::mt19937_64 random(seed);
  Lives lives;
  while (lives.cut < wanted && !::testing::Test::HasFailure()) {
    Fleet fleet(kOptions);
    fleet.StartLearner();
    fleet.StartActors(2);
    for (bool resumes = false; lives.cut < wanted; resumes = true) {
      // Half of the lives end at a point of the run, half at a time, which often is that of the start.
      bool ended = false;
      if (Below(random, 2) == 0) {
        const int update = static_cast<int>(Below(random, kOptions.updates + 1));
        const double serving = fleet.SecondsToServe();
        if (serving >= 0) {
          lives.slowest_to_serve = std::max(lives.slowest_to_serve, serving);
          lives.resumed += resumes ? 1 : 0;
          fleet.WaitForUpdate(update);
        }
        ended = fleet.learner().EndsWithin(milliseconds(Below(random, 80)));
      } else {
        ended = fleet.learner().EndsWithin(milliseconds(Below(random, 1500)));
        const bool served = fleet.learner().err().find("serving on") != std::string::npos;
        lives.resumed += resumes && served ? 1 : 0;
      }
      if (ended) break;
      const int update = fleet.update();
      ++lives.cut;
      lives.before_first_update += update == 0 ? 1 : 0;
      lives.past_last_checkpoint += update > kLastCheckpoint ? 1 : 0;
      cut(fleet);
      fleet.StartLearner();
    }
    fleet.ExpectWholeRun();
  }
  return lives;
}

TEST(Row4, AKilledLearnerGoesOnToTheSameWeights) {
  const uint64_t wanted = Count(5, 200);
  const Lives lives = CutLives(wanted, 4, [](Fleet& fleet) {
    fleet.learner().Signal(SIGKILL);
    fleet.learner().Wait();
  });
  EXPECT_LE(lives.slowest_to_serve, Limit(3));
  if (Full()) {
    EXPECT_GT(lives.before_first_update, 0u);
    EXPECT_GT(lives.past_last_checkpoint, 0u);
  }
  PrintFigure(
      "4", absl::StrCat(HasFailure() ? "fewer than " : "", lives.cut, "/", wanted, " resumed, ", HashFigure(),
                        ", serving after ", Seconds(lives.slowest_to_serve), " at most; ", lives.before_first_update,
                        " kills before the first update, ", lives.past_last_checkpoint, " past the last checkpoint"));
}

TEST(Row20, ALearnerToldToStopStopsCleanlyAndGoesOn) {
  const uint64_t wanted = Count(4, 60);
  double slowest = 0;
  const Lives lives = CutLives(wanted, 20, [&](Fleet& fleet) {
    const auto start = std::chrono::steady_clock::now();
    const bool early = fleet.learner().err().empty();
    fleet.learner().Signal(SIGTERM);
    const int code = fleet.learner().Wait(std::chrono::seconds(static_cast<int>(Limit(20))));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    slowest = std::max(slowest, took.count());
    // 0: its run had just ended. A process that is still being loaded ends as any does.
    EXPECT_TRUE(code == 75 || code == 0 || (early && code == 128 + SIGTERM)) << code << fleet.learner().err();
  });
  EXPECT_LE(slowest, Limit(20));
  if (Full()) {
    EXPECT_GT(lives.before_first_update, 0u);
    EXPECT_GT(lives.past_last_checkpoint, 0u);
  }
  PrintFigure("20", absl::StrCat(lives.cut, "/", wanted, " learners stopped within ", Seconds(slowest), ", ",
                                 HashFigure(), "; ", lives.before_first_update, " before the first update, ",
                                 lives.past_last_checkpoint, " past the last checkpoint"));
}

TEST(Row20, AnActorToldToStopLeavesCleanly) {
  const uint64_t wanted = Count(10, 60);
  std::mt19937_64 random(21);
  uint64_t stops = 0;
  double slowest = 0;
  while (stops < wanted && !HasFailure()) {
    Fleet fleet({.updates = 12, .step_cost_us = 40});
    fleet.StartLearner();
    fleet.StartActors(2);
    while (stops < wanted && !fleet.learner().EndsWithin(milliseconds(Below(random, 300)))) {
      const std::string name = "a" + std::to_string(Below(random, 2));
      testing::Subprocess& actor = fleet.actor(name);
      const bool early = actor.err().empty();
      const auto start = std::chrono::steady_clock::now();
      actor.Signal(SIGTERM);
      const int code = actor.Wait(std::chrono::seconds(static_cast<int>(Limit(20))));
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      slowest = std::max(slowest, took.count());
      EXPECT_TRUE(code == 0 || (early && code == 128 + SIGTERM)) << code << actor.err();
      ++stops;
      fleet.StartActor(name);
    }
    fleet.ExpectWholeRun();
  }
  PrintFigure("20", absl::StrCat(stops, "/", wanted, " actors left within ", Seconds(slowest), ", ", HashFigure()));
}

}  // namespace
}  // namespace nmn::fault
