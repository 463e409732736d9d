// Hours of trouble in seconds: the real ingest core and the real durable state under a fake clock, a fake network and a
// fault disk, with actors that crash, hang and send rubbish and a learner that is killed and loses its power.
//
// Each seed is one run. A seed that fails is printed; NMN_SIMULATION_SEED=N runs that one alone and tells what happens.

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>

#include "tests/fault/row.h"
#include "tests/fault/simulation/episodes.h"
#include "tests/fault/simulation/simulated_actor.h"
#include "tests/fault/simulation/simulated_learner.h"
#include "tests/support/history.h"

namespace nmn::fault {
namespace {

constexpr uint32_t kUpdates = 120;
constexpr uint64_t kMostEvents = 300'000;  // a run that needs more makes no progress
constexpr uint64_t kSalt = 0x51a7;

std::string WeightsWithoutFaults() {
  std::vector<std::string> batches;
  for (uint32_t update = 1; update <= kUpdates; ++update)
    batches.push_back(BatchWithoutFaults(testing::ToyWeights(batches), update));
  return testing::ToyWeights(batches);
}

struct Outcome {
  uint64_t events = 0;
  double seconds = 0;
  uint32_t starts = 0;
  testing::History history;
};

class SimulatedRun {
 public:
  SimulatedRun(uint64_t seed, bool trace, uint32_t max_lag = 0)
      : world_(seed + kSalt, trace), learner_(world_, disk_, kUpdates, max_lag) {
    const uint64_t actors = 2 + world_.Below(6);
    for (uint64_t a = 0; a < actors; ++a) {
      // The first is a good one, or a run of nothing but bad luck need not end.
      Manners manners;
      if (a != 0) {
        manners = {.lost = world_.Uniform(0, 0.05),
                   .doubled = world_.Uniform(0, 0.4),
                   .held_up = world_.Uniform(0, 0.1),
                   .poison = world_.Chance(0.3) ? world_.Uniform(0, 0.5) : 0,
                   .slowness = world_.Chance(0.2) ? 10.0 : 1.0};
      }
      actors_.push_back(std::make_unique<SimulatedActor>(world_, learner_, "actor-" + std::to_string(a), manners));
    }
  }

  Outcome Finish() {
    learner_.Start();
    for (const auto& actor : actors_) actor->Start();
    Trouble();
    while (!learner_.finished() && learner_.violations().empty() && world_.events() < kMostEvents && world_.Step()) {
    }
    for (const std::string& violation : learner_.violations()) ADD_FAILURE() << violation;
    EXPECT_TRUE(learner_.finished()) << "no progress: saved update " << learner_.saved().value_or(0) << " after "
                                     << world_.events() << " events";
    Outcome outcome{world_.events(), world_.now(), learner_.starts(), {}};
    if (!learner_.finished()) return outcome;
    outcome.history =
        testing::ReadHistory(disk_.Get("/runs/simulation/events.jsonl").value_or(""), SimulatedShape().episodes);
    EXPECT_EQ(outcome.history.updates, kUpdates);
    for (const std::string& violation : outcome.history.violations) ADD_FAILURE() << violation;
    return outcome;
  }

  const std::string& weights() const { return learner_.final_weights(); }

 private:
  // One thing goes wrong every few seconds.
  void Trouble() {
    world_.In(world_.Uniform(1, 15), [this] {
      SimulatedActor& actor = *actors_[world_.Below(actors_.size())];
      switch (world_.Below(10)) {
        case 0:
          learner_.Kill();
          break;
        case 1:
          learner_.LosePowerSoon();
          break;
        case 2:
          disk_.FailAt(disk_.steps() + world_.Below(40), world_.Chance(0.5) ? ENOSPC : EIO, false);
          break;
        case 3:
          learner_.DamageNewestCheckpoint();
          break;
        case 4:
          actor.Hang(world_.Uniform(1, 40));
          break;
        case 5:
          actor.Leave();
          break;
        case 6:
        case 7:
          actor.BreakStream();
          break;
        default:
          actor.Crash();
          break;
      }
      Trouble();
    });
  }

  World world_;
  testing::FaultFileSystem disk_;
  SimulatedLearner learner_;
  std::vector<std::unique_ptr<SimulatedActor>> actors_;
};

// Runs seeds until `wanted_events` have happened; `check` looks at each run.
void RunSeeds(const std::string& name, uint64_t wanted_events, uint32_t max_lag,
              const std::function<void(const SimulatedRun&)>& check, const std::string& result) {
  const char* chosen = std::getenv("NMN_SIMULATION_SEED");
  if (chosen != nullptr) wanted_events = 1;
  uint64_t seed = chosen != nullptr ? std::stoull(chosen) : 1;
  uint64_t events = 0, runs = 0, starts = 0, units = 0, duplicates = 0, rejected = 0;
  double seconds = 0;
  for (; events < wanted_events && !::testing::Test::HasFailure(); ++seed, ++runs) {
    SimulatedRun run(seed, chosen != nullptr, max_lag);
    const Outcome outcome = run.Finish();
    check(run);
    if (::testing::Test::HasFailure())
      ADD_FAILURE() << "this was seed " << seed << "; NMN_SIMULATION_SEED=" << seed << " runs it alone";
    events += outcome.events;
    seconds += outcome.seconds;
    starts += outcome.starts;
    units += outcome.history.accepted;
    duplicates += outcome.history.duplicates;
    rejected += outcome.history.rejected;
  }
  PrintFigure(name, std::to_string(events) + " events, " + std::to_string(runs) + " runs, " +
                        std::to_string(static_cast<uint64_t>(seconds / 3600)) + " h of trouble, " +
                        std::to_string(starts) + " learner starts, " + std::to_string(units) + " messages accepted, " +
                        std::to_string(duplicates) + " duplicates, " + std::to_string(rejected) +
                        " rejected: " + (::testing::Test::HasFailure() ? "violations above" : result));
}

TEST(Simulation, WeightsAreThoseOfARunWithoutFaultsAndEachUnitCountsOnce) {
  const std::string expected = WeightsWithoutFaults();
  RunSeeds(
      "simulation", Count(1'000'000, 20'000'000), 0,
      [&](const SimulatedRun& run) { EXPECT_EQ(run.weights(), expected) << "other weights than without faults"; },
      "hash equal, 0 violations");
}

// The weights are those of one of many histories; each episode of it is what weights of its version play, and no
// version is more than three behind.
TEST(Simulation, InAsyncModeEachUnitCountsOnceAndNoEpisodeLagsTooFar) {
  RunSeeds(
      "async", Count(300'000, 5'000'000), 3, [](const SimulatedRun&) {}, "0 violations");
}

TEST(Simulation, ASeedGivesTheSameHistoryAgain) {
  const Outcome first = SimulatedRun(7, false).Finish();
  const Outcome second = SimulatedRun(7, false).Finish();
  EXPECT_EQ(first.events, second.events);
  EXPECT_EQ(first.seconds, second.seconds);
  EXPECT_EQ(first.history.events, second.history.events);
}

}  // namespace
}  // namespace nmn::fault
