// What a message costs the core of ingestion by the number of actors: CPU time of everything that happens under the
// hub's lock (count, examine, claim, keep, decide, the next instant), without the payload's check and copy, which need
// no lock and do not know the other actors.
//
// A simulated fleet drives the real core. Each actor has a speed of its own (log-normal, deviation 0.3) and a scatter
// a unit (0.1), sends what it played and a heartbeat every ten seconds of the simulated clock. An update has four units
// an actor, so the end of an update, where idle actors look for late ones, is part of it. One actor in a hundred plays
// ten times as slowly.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "common/nn/gaussian_head.h"
#include "learner/ingest/core.h"

namespace nmn::ingest {
namespace {

constexpr uint32_t kUnitsAnActor = 4;
constexpr double kUnitSeconds = 1;
constexpr double kHeartbeatSeconds = 10;
constexpr double kTick = 1e-3;  // seconds after which an instant that the core named has come

double CpuSeconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

BatchShape Shape(uint32_t episodes) {
  return {.horizon = 1,
          .layout = trajectory::TrajectoryLayout::OfNetwork(1, nn::GaussianHead({})),
          .episodes = episodes,
          .measures = {}};
}

// One episode of the unit.
v1::Trajectory Played(const BatchShape& shape, uint32_t version, const v1::UnitId& unit) {
  v1::Trajectory trajectory;
  trajectory.set_run_id("bench");
  trajectory.set_generation(1);
  *trajectory.mutable_unit() = unit;
  trajectory.set_policy_version(version);
  trajectory.set_first_episode(unit.first_episode());
  trajectory.set_count(unit.count());
  for (int field = v1::OBSERVATION; field <= v1::LOG_VARIANCE; ++field) {
    const uint32_t width = shape.layout.width(static_cast<v1::Field>(field));
    v1::Block* block = trajectory.add_blocks();
    block->set_field(static_cast<v1::Field>(field));
    block->add_shape(shape.horizon);
    if (field == v1::OBSERVATION) block->add_shape(width);
    block->add_shape(unit.count());
    block->set_data(std::string(sizeof(float) * width * unit.count(), '\0'));
  }
  trajectory.set_sha256(std::string(32, 'x'));
  return trajectory;
}

class Fleet {
 public:
  explicit Fleet(uint32_t actors) : actors_(actors), core_(Options(actors)) {}

  // CPU microseconds a message, over so many updates after the first two, in which the core measures the actors.
  double Run(uint32_t updates) {
    for (uint32_t a = 0; a < actors_; ++a) Join(a);
    for (uint32_t update = 1; update <= updates + 2; ++update) {
      if (update == 3) seconds_ = 0, messages_ = 0;
      core_.Publish(update);
      core_.Open(update);
      Decide();
      while (!core_.complete()) Next();
    }
    return 1e6 * seconds_ / static_cast<double>(messages_);
  }

 private:
  struct Event {
    Time at = 0;
    uint32_t actor = 0;
    bool heartbeat = false;
    uint32_t lease = 0;  // what it played belongs to
    bool operator>(const Event& other) const { return at > other.at; }
  };
  struct Actor {
    double speed = 1;
    uint64_t sequence = 1;  // of its last message
    uint32_t lease = 0;
    uint32_t version = 0;
    std::vector<v1::UnitId> units;  // still to be played, the next one last
  };

  static CoreOptions Options(uint32_t actors) {
    return {.run_id = "bench",
            .generation = 1,
            .config_hash = "hash",
            .shape = Shape(actors * kUnitsAnActor),
            .unit_episodes = 1,
            .lease_seconds = 300,
            .max_actors = actors,
            .max_message_bytes = 8 << 20};
  }

  void Join(uint32_t a) {
    Actor& actor = fleet_[a];
    actor.speed = std::exp(0.3 * normal_(random_)) * (a % 100 == 99 ? 0.1 : 1);
    const std::string id = "actor-" + std::to_string(a);
    v1::Hello hello;
    hello.set_run_id("bench");
    hello.set_generation(1);
    hello.set_config_hash("hash");
    hello.set_actor_id(id);
    hello.set_incarnation(1);
    absl::Status status = core_.Register(id, 1, 0, now_);
    core_.Connect(a + 1, now_);
    status.Update(core_.Count(a + 1, 1, now_));
    status.Update(core_.Hello(a + 1, hello, now_));
    if (!status.ok()) Fail(status.ToString());
    events_.push({now_ + kHeartbeatSeconds * (a + 1) / actors_, a, true, 0});
  }

  [[noreturn]] static void Fail(const std::string& why) {
    std::fprintf(stderr, "ingest-bench: %s\n", why.c_str());
    std::exit(1);
  }

  // Time goes on to the next event of an actor, or to the instant that the core waits for.
  void Next() {
    if (events_.empty()) Fail("no actor has anything to do, and the update is not complete");
    if (next_ && *next_ < events_.top().at) {
      now_ = std::max(now_, *next_) + kTick;
      Decide();
      return;
    }
    const Event event = events_.top();
    events_.pop();
    now_ = std::max(now_, event.at);
    event.heartbeat ? Beat(event.actor) : Deliver(event);
  }

  void Beat(uint32_t a) {
    v1::Heartbeat heartbeat;
    heartbeat.set_steps_per_second(1);
    Timed([&] {
      if (!core_.Count(a + 1, ++fleet_[a].sequence, now_).ok()) Fail("a heartbeat was refused");
      core_.Heartbeat(a + 1, heartbeat);
    });
    ++messages_;
    Decide();
    events_.push({now_ + kHeartbeatSeconds, a, true, 0});
  }

  void Deliver(const Event& event) {
    Actor& actor = fleet_[event.actor];
    if (event.lease != actor.lease) return;  // a newer lease came
    const v1::Trajectory trajectory = Played(Shape(0), actor.version, actor.units.back());
    actor.units.pop_back();
    const StreamId stream = event.actor + 1;
    Slab::Claim claim;
    Verdict verdict;
    Timed([&] {
      if (!core_.Count(stream, ++actor.sequence, now_).ok()) Fail("a trajectory was refused");
      verdict = core_.Examine(stream, trajectory, 1000, now_);
      if (verdict.accepted()) verdict = core_.Claim(stream, trajectory, {}, now_, claim);
    });
    if (verdict.accepted()) {
      claim.Write(trajectory);
      Timed([&] { core_.Keep(stream, trajectory, claim, now_); });
    }
    ++messages_;
    if (!actor.units.empty()) Play(event.actor);
    Decide();
  }

  void Play(uint32_t a) {
    const double scatter = std::exp(0.1 * normal_(random_));
    events_.push({now_ + kUnitSeconds * scatter / fleet_[a].speed, a, false, fleet_[a].lease});
  }

  void Decide() {
    Decisions decisions;
    Timed([&] {
      decisions = core_.Decide(now_);
      next_ = core_.NextInstant(now_);
    });
    if (!decisions.closes.empty()) Fail(decisions.closes.front().status.ToString());
    for (const Grant& grant : decisions.grants) {
      Actor& actor = fleet_[static_cast<uint32_t>(grant.stream - 1)];
      ++actor.lease;
      actor.version = grant.lease.policy_version();
      actor.units.assign(grant.lease.units().rbegin(), grant.lease.units().rend());
      Play(static_cast<uint32_t>(grant.stream - 1));
    }
  }

  template <typename Work>
  void Timed(Work&& work) {
    const double start = CpuSeconds();
    work();
    seconds_ += CpuSeconds() - start - clock_;
  }

  // What reading the clock twice adds to the time between.
  static double ClockSeconds() {
    double least = 1;
    for (int i = 0; i < 10'000; ++i) {
      const double start = CpuSeconds();
      least = std::min(least, CpuSeconds() - start);
    }
    return least;
  }

  const double clock_ = ClockSeconds();
  const uint32_t actors_;
  Core core_;
  std::map<uint32_t, Actor> fleet_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::optional<Time> next_;
  std::mt19937_64 random_{1};
  std::normal_distribution<double> normal_;
  Time now_ = 0;
  double seconds_ = 0;
  uint64_t messages_ = 0;
};

}  // namespace
}  // namespace nmn::ingest

// ingest-bench [ACTORS..]: prints CSV: actors, CPU microseconds a message (the least of three fleets), and how many
// times the first row's.
int main(int argc, char** argv) {
  std::vector<uint32_t> sizes;
  for (int i = 1; i < argc; ++i) sizes.push_back(static_cast<uint32_t>(std::atoi(argv[i])));
  if (sizes.empty()) sizes = {10, 100, 1000, 10'000};
  double first = 0;
  std::printf("actors,us_a_message,ratio\n");
  for (const uint32_t actors : sizes) {
    double least = 0;
    for (int repetition = 0; repetition < 3; ++repetition) {
      const double us = nmn::ingest::Fleet(actors).Run(std::max(2u, 20'000 / std::max(1u, actors)));
      least = repetition == 0 ? us : std::min(least, us);
    }
    if (first == 0) first = least;
    std::printf("%u,%.3f,%.2f\n", actors, least, least / first);
    std::fflush(stdout);
  }
  return 0;
}
