#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/fault/simulation/peer.h"
#include "tests/fault/simulation/simulated_learner.h"
#include "tests/fault/simulation/world.h"

namespace nmn::fault {

// How an actor and its network behave.
struct Manners {
  double lost = 0;      // probability that a message vanishes
  double doubled = 0;   // that a trajectory arrives twice or more
  double held_up = 0;   // that a message is many seconds late, behind later ones
  double poison = 0;    // that rubbish goes before a good trajectory
  double slowness = 1;  // times the usual time of a unit
};

// An actor: registers, opens a stream, plays what it is leased, keeps what is not acknowledged and sends it again on
// the next stream. Its network loses, doubles, delays and reorders. May crash, hang, leave and come back.
class SimulatedActor : public ActorEnd {
 public:
  SimulatedActor(World& world, SimulatedLearner& learner, std::string id, const Manners& manners);

  void Start();
  void Crash();               // comes back as a new process
  void Hang(double seconds);  // everything that reaches it waits
  void BreakStream();         // what is under way on it is lost
  void Leave();               // says so, and comes back later

  void OnMessage(const Envelope& envelope) override;
  void OnClosed(uint64_t stream) override;

 private:
  struct Unit {
    v1::UnitId id;
    uint32_t generation = 0;
  };

  void Connect();
  void ConnectLater();
  void Receive(const Envelope& envelope);
  void PlayNext();
  void Send(const v1::ActorMessage& message);
  void SendTrajectory(const v1::Trajectory& trajectory);
  void SendPoison(v1::Trajectory trajectory);
  // In `delay` seconds, unless this process has ended by then; later while it hangs.
  void InThisLife(double delay, std::function<void()> action);

  World& world_;
  SimulatedLearner& learner_;
  const std::string id_;
  const Manners manners_;
  uint64_t incarnation_ = 0;
  uint64_t life_ = 0;
  double hangs_until_ = 0;
  uint64_t stream_ = 0;  // 0: none
  bool connecting_ = false;
  bool playing_ = false;
  uint32_t generation_ = 0;
  std::pair<uint32_t, std::string> weights_;  // version, weights
  std::deque<Unit> units_;
  std::vector<v1::Trajectory> outbox_;
  std::deque<v1::Trajectory> sent_long_ago_;  // of any generation: to be replayed
};

}  // namespace nmn::fault
