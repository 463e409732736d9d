// How the core shares units by measured rate: small fleets on a clock of their own, whose actors play one lease after
// the other at a fixed rate.

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <set>
#include <vector>

#include "common/nn/gaussian_head.h"
#include "learner/ingest/core.h"
#include "tests/support/deliver.h"
#include "tests/unit/learner/ingest/fake_trajectory.h"

namespace nmn::ingest {
namespace {

constexpr uint32_t kUnit = 2;
constexpr Time kNever = std::numeric_limits<Time>::infinity();

class Fleet {
 public:
  // `seconds[i]`: what a unit takes actor i; kNever: it hangs.
  Fleet(uint32_t units, std::vector<Time> seconds)
      : shape_{.horizon = 1,
               .layout = trajectory::TrajectoryLayout::OfNetwork(1, nn::GaussianHead({})),
               .episodes = units * kUnit,
               .measures = {}},
        seconds_(std::move(seconds)),
        units_(seconds_.size()),
        core_({.run_id = kRunId,
               .generation = 1,
               .config_hash = "hash",
               .shape = shape_,
               .unit_episodes = kUnit,
               .lease_seconds = 1000,
               .max_actors = 10,
               .max_message_bytes = 1 << 20}) {
    for (size_t a = 0; a < seconds_.size(); ++a) {
      const std::string id(1, static_cast<char>('a' + a));
      EXPECT_TRUE(core_.Register(id, 1, 0, 0).ok());
      core_.Connect(a, 0);
      EXPECT_TRUE(core_.Hello(a, FakeHello(id), 0).ok());
    }
  }

  // Seconds that the next update takes.
  Time PlayUpdate() {
    ++update_;
    leased_.assign(seconds_.size(), 0);
    const Time began = now_;
    core_.Publish(update_);
    core_.Open(update_);
    Decide();
    while (!core_.complete()) {
      size_t next = 0;
      for (size_t a = 1; a < seconds_.size(); ++a)
        if (ReadyAt(a) < ReadyAt(next)) next = a;
      const std::optional<Time> instant = core_.NextInstant(now_);
      if (instant && *instant < ReadyAt(next)) {
        now_ = *instant;
      } else if (ReadyAt(next) == kNever) {
        ADD_FAILURE() << "nobody works";
        return kNever;
      } else {
        now_ = ReadyAt(next);
        Deliver(next);
      }
      Decide();
    }
    return now_ - began;
  }
  // Units that actor `a` was leased in the last update.
  size_t leased(size_t a) const { return leased_[a]; }
  void set_seconds(size_t a, Time seconds) { seconds_[a] = seconds; }

 private:
  struct Job {
    std::vector<v1::UnitId> units;
    Time began = 0;
  };

  Time ReadyAt(size_t a) const {
    return units_[a].units.empty() ? kNever
                                   : units_[a].began + seconds_[a] * static_cast<double>(units_[a].units.size());
  }
  void Deliver(size_t a) {
    for (const v1::UnitId& unit : units_[a].units) {
      const v1::Trajectory t =
          FakeTrajectory(shape_, unit.update(), unit.first_episode(), kUnit, unit.first_episode(), kUnit);
      if (core_.Examine(a, t, t.ByteSizeLong(), now_).accepted()) ingest::Deliver(core_, shape_.layout, a, t, now_);
    }
    units_[a].units.clear();
  }
  void Decide() {
    for (const Grant& grant : core_.Decide(now_).grants) {
      Job& job = units_[grant.stream];
      job = {{grant.lease.units().begin(), grant.lease.units().end()}, now_};
      leased_[grant.stream] += job.units.size();
    }
  }

  const BatchShape shape_;
  std::vector<Time> seconds_;
  std::vector<Job> units_;
  std::vector<size_t> leased_;
  Core core_;
  uint32_t update_ = 0;
  Time now_ = 0;
};

TEST(Shares, TheFirstUpdateIsSharedEqually) {
  Fleet fleet(10, {1, 1});
  EXPECT_EQ(fleet.PlayUpdate(), 5);
  EXPECT_EQ(fleet.leased(0), 5u);
  EXPECT_EQ(fleet.leased(1), 5u);
}

TEST(Shares, AnActorTenTimesSlowerHoldsATenth) {
  Fleet fleet(110, {1, 10});
  for (int update = 0; update < 5; ++update) fleet.PlayUpdate();
  EXPECT_EQ(fleet.PlayUpdate(), 100);
  EXPECT_EQ(fleet.leased(0), 100u);
  EXPECT_EQ(fleet.leased(1), 10u);
}

TEST(Shares, ThreeUnequalActorsAreDoneTogether) {
  Fleet fleet(70, {1, 2, 4});
  for (int update = 0; update < 5; ++update) fleet.PlayUpdate();
  EXPECT_EQ(fleet.PlayUpdate(), 40);
}

TEST(Shares, AStoppedActorCostsTheOthersNothingOnceItIsNoticed) {
  Fleet fleet(10, {1, kNever});
  EXPECT_LT(fleet.PlayUpdate(), 12);  // 5 of its own, and 5 that are late soon after
  Time total = 0;
  for (int update = 0; update < 20; ++update) total += fleet.PlayUpdate();
  EXPECT_LT(total, 20 * 10 * 1.1);
}

TEST(Shares, AnActorTooSlowToHelpCostsTheOthersLittle) {
  Fleet fleet(10, {1, 100});
  Time total = 0;
  for (int update = 0; update < 50; ++update) total += fleet.PlayUpdate();
  EXPECT_LT(total, 50 * 10 * 1.1);
}

TEST(Shares, AnActorThatGetsQuickerIsNoticed) {
  Fleet fleet(10, {1, 40});
  for (int update = 0; update < 20; ++update) fleet.PlayUpdate();
  fleet.set_seconds(1, 1);
  for (int update = 0; update < 60; ++update) fleet.PlayUpdate();
  EXPECT_EQ(fleet.PlayUpdate(), 5);
}

TEST(Shares, AnActorThatGetsSlowIsTakenOverFromBeforeItsLeaseRunsOut) {
  Fleet fleet(10, {1, 1});
  for (int update = 0; update < 3; ++update) fleet.PlayUpdate();
  fleet.set_seconds(1, 50);
  EXPECT_LT(fleet.PlayUpdate(), 5 + 0.5 * 5 + 5.1);  // late after half as long again; then five by the other
}

}  // namespace
}  // namespace nmn::ingest
