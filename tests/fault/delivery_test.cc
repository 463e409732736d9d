// Rows 12 and 17 at the ingest core: messages repeated, shuffled and replayed; stale, of another config or run.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>

#include "common/nn/gaussian_head.h"
#include "learner/ingest/core.h"
#include "tests/fault/row.h"
#include "tests/support/deliver.h"
#include "tests/unit/learner/ingest/fake_trajectory.h"

namespace nmn::fault {
namespace {

using ingest::Core;
using ingest::Verdict;

constexpr uint32_t kUnit = 2;
constexpr uint32_t kEpisodes = 100;
constexpr uint32_t kGeneration = 1;  // FakeTrajectory's

ingest::CoreOptions Options() {
  return {.run_id = ingest::kRunId,
          .generation = kGeneration,
          .config_hash = "config",
          .shape = {.horizon = 2,
                    .layout = trajectory::TrajectoryLayout::OfNetwork(1, nn::GaussianHead({})),
                    .episodes = kEpisodes,
                    .measures = {"hits"}},
          .unit_episodes = kUnit,
          .lease_seconds = 1000,
          .max_actors = 10,
          .max_message_bytes = 1 << 20};
}

v1::Hello HelloOf(const std::string& actor) {
  v1::Hello hello;
  hello.set_run_id(ingest::kRunId);
  hello.set_generation(kGeneration);
  hello.set_config_hash("config");
  hello.set_actor_id(actor);
  hello.set_incarnation(1);
  return hello;
}

// A core with actors that hold all units of update 1.
class Fleet {
 public:
  explicit Fleet(uint32_t actors) {
    for (uint32_t a = 1; a <= actors; ++a) {
      const std::string id = "actor-" + std::to_string(a);
      EXPECT_TRUE(core_.Register(id, 1, 0, 0).ok());
      core_.Connect(a, 0);
      EXPECT_TRUE(core_.Hello(a, HelloOf(id), 0).ok());
    }
  }

  // Stream and unit of every lease.
  std::vector<std::pair<uint64_t, v1::UnitId>> Open(uint32_t update) {
    core_.Publish(update);
    core_.Open(update);
    std::vector<std::pair<uint64_t, v1::UnitId>> units;
    for (const ingest::Grant& grant : core_.Decide(0).grants) {
      for (const v1::UnitId& unit : grant.lease.units()) units.emplace_back(grant.stream, unit);
    }
    return units;
  }

  Verdict Send(uint64_t stream, const v1::Trajectory& trajectory) {
    Verdict verdict = core_.Examine(stream, trajectory, trajectory.ByteSizeLong(), 0);
    if (verdict.accepted()) verdict = ingest::Deliver(core_, Options().shape.layout, stream, trajectory, 0);
    return verdict;
  }

  Core& core() { return core_; }

 private:
  Core core_{Options()};
};

v1::Trajectory Play(const v1::UnitId& unit) {
  return ingest::FakeTrajectory(Options().shape, unit.update(), unit.first_episode(), unit.count(),
                                unit.first_episode(), unit.count());
}

// All episodes of a batch as an order-free check: what FakeTrajectory wrote for each.
uint64_t WrongNumbers(const ingest::Slab& slab) {
  uint64_t wrong = 0;
  const trajectory::TrajectoryBatch batch = slab.batch();
  for (uint32_t t = 0; t < Options().shape.horizon; ++t) {
    for (uint32_t e = 0; e < kEpisodes; ++e) {
      wrong += batch.reward().row(t)[e] != ingest::FakeValue(v1::REWARD, t, 0, e) ? 1 : 0;
      wrong += batch.raw_action().row(t)[e] != ingest::FakeValue(v1::RAW_ACTION, t, 0, e) ? 1 : 0;
    }
  }
  return wrong;
}

TEST(Row12, MessagesRepeatedShuffledAndReplayedHaveOneEffect) {
  const uint64_t wanted = Count(10'000, 1'000'000);
  std::mt19937_64 draw(12);
  Fleet fleet(5);
  struct Message {
    uint64_t stream;
    v1::Trajectory trajectory;
    bool of_this_update;
  };
  std::vector<Message> earlier;
  uint64_t messages = 0, double_effects = 0, accepted = 0;
  for (uint32_t update = 1; messages < wanted; ++update) {
    std::vector<Message> on_the_way = std::move(earlier);
    earlier.clear();
    for (const auto& [stream, unit] : fleet.Open(update)) {
      const v1::Trajectory trajectory = Play(unit);
      const uint64_t copies = 1 + draw() % 5;
      for (uint64_t copy = 0; copy < copies; ++copy) on_the_way.push_back({stream, trajectory, true});
      // One more in the next update, and one of a learner that is gone.
      earlier.push_back({stream, trajectory, false});
      v1::Trajectory old = trajectory;
      old.set_generation(kGeneration - 1);
      on_the_way.push_back({stream, old, false});
    }
    std::shuffle(on_the_way.begin(), on_the_way.end(), draw);
    std::map<uint32_t, int> effects;
    for (const Message& message : on_the_way) {
      const Verdict verdict = fleet.Send(message.stream, message.trajectory);
      if (!verdict.accepted()) {
        const bool old = message.trajectory.generation() != kGeneration;
        EXPECT_EQ(verdict.reason, old ? v1::STALE_GENERATION : v1::DUPLICATE) << verdict.detail;
        continue;
      }
      ++accepted;
      if (!message.of_this_update || ++effects[message.trajectory.first_episode()] > 1) ++double_effects;
    }
    messages += on_the_way.size();
    EXPECT_TRUE(fleet.core().complete());
    EXPECT_EQ(effects.size(), kEpisodes / kUnit);
    EXPECT_EQ(WrongNumbers(fleet.core().slab()), 0u);
  }
  EXPECT_EQ(double_effects, 0u);
  PrintFigure("12", std::to_string(messages) + " messages, " + std::to_string(accepted) + " effects, " +
                        std::to_string(double_effects) + " double effects");
}

TEST(Row17, WhatIsStaleOrOfAnotherRunOrConfigIsRejectedByReasonAndNotTrainedOn) {
  Fleet fleet(2);
  const auto first = fleet.Open(1);
  for (const auto& [stream, unit] : first) EXPECT_TRUE(fleet.Send(stream, Play(unit)).accepted());
  for (uint32_t update = 2; update <= 9; ++update) fleet.Open(update);
  const auto units = fleet.Open(10);
  uint64_t trained = 0, cases = 0;
  const auto expect = [&](const v1::Trajectory& trajectory, v1::RejectReason reason) {
    ++cases;
    const Verdict verdict = fleet.Send(units[0].first, trajectory);
    EXPECT_EQ(verdict.reason, reason) << verdict.detail;
    trained += verdict.accepted() ? 1 : 0;
  };
  const v1::Trajectory good = Play(units[0].second);
  v1::Trajectory bad = good;
  bad.set_policy_version(9);
  expect(bad, v1::STALE_POLICY);
  bad.set_policy_version(11);
  expect(bad, v1::STALE_POLICY);
  expect(Play(first[0].second), v1::STALE_POLICY);  // an update long over
  bad = good;
  bad.set_generation(0);
  expect(bad, v1::STALE_GENERATION);
  bad.set_generation(2);
  expect(bad, v1::STALE_GENERATION);
  bad = good;
  bad.set_run_id("another");
  expect(bad, v1::WRONG_RUN);
  bad = good;
  bad.mutable_unit()->set_update(11);
  bad.set_policy_version(11);
  expect(bad, v1::UNKNOWN_UNIT);
  EXPECT_FALSE(fleet.core().slab().Has(units[0].second.first_episode()));

  // The whole stream, at its hello: the actor is told to register again, which gives it run, generation and config.
  uint64_t stream = 100;
  for (const char* field : {"run", "generation", "config", "incarnation"}) {
    ++cases;
    v1::Hello hello = HelloOf("actor-1");
    if (field == std::string("run")) hello.set_run_id("another");
    if (field == std::string("generation")) hello.set_generation(0);
    if (field == std::string("config")) hello.set_config_hash("other");
    if (field == std::string("incarnation")) hello.set_incarnation(2);
    fleet.core().Connect(++stream, 0);
    const absl::Status status = fleet.core().Hello(stream, hello, 0);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << field;
    EXPECT_NE(std::string(status.message()).find("register again"), std::string::npos) << field;
  }
  // What is right is taken from the same actor as before.
  EXPECT_TRUE(fleet.Send(units[0].first, good).accepted());
  PrintFigure("17", std::to_string(cases) + " cases, " + std::to_string(trained) + " trained");
}

}  // namespace
}  // namespace nmn::fault
