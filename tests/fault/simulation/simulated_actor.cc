#include "tests/fault/simulation/simulated_actor.h"

#include <algorithm>
#include <limits>

#include "learner/ingest/validate.h"
#include "tests/fault/simulation/episodes.h"

namespace nmn::fault {
namespace {

constexpr size_t kKept = 30;        // messages to be replayed
constexpr double kQuickest = 0.01;  // seconds of a message on its way
constexpr double kUsual = 0.2;
constexpr double kLongest = 25;
constexpr double kUnit = 0.6;  // seconds of play
constexpr double kLongestBackoff = 5;
constexpr int kMostCopies = 5;

bool Same(const v1::UnitId& a, const v1::UnitId& b) {
  return a.update() == b.update() && a.first_episode() == b.first_episode();
}

void Poke(v1::Trajectory& trajectory, float value) {
  trajectory.mutable_blocks(1)->mutable_data()->replace(0, sizeof(value), reinterpret_cast<const char*>(&value),
                                                        sizeof(value));
}

}  // namespace

SimulatedActor::SimulatedActor(World& world, SimulatedLearner& learner, std::string id, const Manners& manners)
    : world_(world), learner_(learner), id_(std::move(id)), manners_(manners) {}

void SimulatedActor::InThisLife(double delay, std::function<void()> action) {
  world_.In(delay, [this, life = life_, action = std::move(action)] {
    if (life != life_) return;
    if (world_.now() < hangs_until_) return InThisLife(hangs_until_ - world_.now(), action);
    action();
  });
}

void SimulatedActor::Start() {
  ++life_;
  incarnation_ = world_.Number();
  stream_ = 0;
  connecting_ = playing_ = false;
  hangs_until_ = 0;
  weights_ = {};
  units_.clear();
  outbox_.clear();
  ConnectLater();
}

void SimulatedActor::Crash() {
  world_.Trace(id_ + " crashes");
  const uint64_t stream = std::exchange(stream_, 0);
  ++life_;
  if (stream != 0) world_.In(kUsual, [this, stream] { learner_.CloseStream(stream); });
  world_.In(world_.Uniform(0.5, 20), [this, life = life_] {
    if (life == life_) Start();
  });
}

void SimulatedActor::Hang(double seconds) { hangs_until_ = world_.now() + seconds; }

void SimulatedActor::BreakStream() {
  if (stream_ == 0) return;
  const uint64_t stream = stream_;
  OnClosed(stream);
  // The learner may find out much later.
  world_.In(world_.Uniform(0, kLongest), [this, stream] { learner_.CloseStream(stream); });
}

void SimulatedActor::Leave() {
  if (stream_ == 0) return;
  v1::ActorMessage message;
  message.mutable_leaving();
  Send(message);
  Crash();
}

void SimulatedActor::OnClosed(uint64_t stream) {
  if (stream != stream_) return;
  stream_ = 0;
  units_.clear();
  ConnectLater();
}

void SimulatedActor::ConnectLater() {
  if (connecting_) return;
  connecting_ = true;
  InThisLife(world_.Uniform(0.1, kLongestBackoff), [this] {
    connecting_ = false;
    Connect();
  });
}

void SimulatedActor::Connect() {
  if (stream_ != 0 || learner_.finished()) return;
  const std::optional<uint32_t> generation = learner_.Register(id_, incarnation_);
  stream_ = generation ? learner_.OpenStream(this) : 0;
  if (stream_ == 0) return ConnectLater();
  if (*generation != generation_) {
    outbox_.clear();
    weights_ = {};
  }
  generation_ = *generation;
  v1::ActorMessage message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_run_id(kSimulatedRun);
  hello.set_generation(generation_);
  hello.set_config_hash("config");
  hello.set_actor_id(id_);
  hello.set_incarnation(incarnation_);
  // Nothing overtakes the hello.
  learner_.OnMessage({stream_, message, {}});
  for (const v1::Trajectory& trajectory : outbox_) SendTrajectory(trajectory);
}

void SimulatedActor::OnMessage(const Envelope& envelope) {
  if (world_.Chance(manners_.lost)) return;
  const double delay =
      world_.Chance(manners_.held_up) ? world_.Uniform(1, kLongest) : world_.Uniform(kQuickest, kUsual);
  InThisLife(delay, [this, envelope] {
    if (envelope.stream == stream_) Receive(envelope);
  });
}

void SimulatedActor::Receive(const Envelope& envelope) {
  if (envelope.down.has_weights() && envelope.down.weights().version() >= weights_.first)
    weights_ = {envelope.down.weights().version(), envelope.down.weights().data()};
  if (envelope.down.has_acknowledgement()) {
    const v1::Acknowledgement& acknowledged = envelope.down.acknowledgement();
    std::erase_if(outbox_, [&](const v1::Trajectory& t) {
      return Same(t.unit(), acknowledged.unit()) && t.first_episode() == acknowledged.first_episode();
    });
  }
  if (envelope.down.has_lease()) {
    for (const v1::UnitId& unit : envelope.down.lease().units()) units_.push_back({unit, generation_});
    PlayNext();
  }
}

void SimulatedActor::PlayNext() {
  if (playing_ || units_.empty()) return;
  playing_ = true;
  const Unit unit = units_.front();
  units_.pop_front();
  InThisLife(manners_.slowness * world_.Uniform(0.1, kUnit), [this, unit] {
    playing_ = false;
    if (!learner_.Fits(weights_.first, unit.id.update())) {
      const auto fetched = learner_.FetchWeights();
      if (fetched) weights_ = *fetched;
    }
    if (learner_.Fits(weights_.first, unit.id.update()) && unit.generation == generation_) {
      // A unit travels whole or episode by episode.
      const uint32_t count = world_.Chance(0.3) ? 1 : unit.id.count();
      for (uint32_t done = 0; done < unit.id.count(); done += count) {
        outbox_.push_back(PlaySimulated(weights_.first, weights_.second, unit.generation, unit.id,
                                        unit.id.first_episode() + done, count));
        sent_long_ago_.push_back(outbox_.back());
        if (sent_long_ago_.size() > kKept) sent_long_ago_.pop_front();
        if (world_.Chance(manners_.poison)) SendPoison(outbox_.back());
        SendTrajectory(outbox_.back());
      }
    }
    PlayNext();
  });
}

void SimulatedActor::SendTrajectory(const v1::Trajectory& trajectory) {
  v1::ActorMessage message;
  *message.mutable_trajectory() = trajectory;
  const uint64_t copies = world_.Chance(manners_.doubled) ? 2 + world_.Below(kMostCopies - 1) : 1;
  for (uint64_t copy = 0; copy < copies; ++copy) Send(message);
}

// What no correct actor sends. None of it may be trained on, and none of it may stop the others.
void SimulatedActor::SendPoison(v1::Trajectory trajectory) {
  v1::ActorMessage message;
  switch (world_.Below(9)) {
    case 0:
      Poke(trajectory, std::numeric_limits<float>::quiet_NaN());
      trajectory.set_sha256(ingest::PayloadSha256(trajectory));
      break;
    case 1:
      Poke(trajectory, 0.25f);  // altered on its way: the digest does not fit
      break;
    case 2:
      trajectory.mutable_blocks(0)->mutable_data()->pop_back();
      break;
    case 3:
      trajectory.set_run_id("another");
      break;
    case 4:
      trajectory.set_generation(trajectory.generation() - 1);
      break;
    case 5:
      // Far ahead: one update ahead and held up, it would be a lie that fits, which nothing here promises to find.
      trajectory.mutable_unit()->set_update(trajectory.unit().update() + 1000);
      trajectory.set_policy_version(trajectory.unit().update());
      break;
    case 6:
      trajectory.set_policy_version(trajectory.unit().update() - learner_.max_lag() - 1);
      break;
    case 7:
      trajectory.mutable_unit()->set_first_episode(1 << 30);
      break;
    default:
      trajectory = sent_long_ago_[world_.Below(sent_long_ago_.size())];
      break;
  }
  *message.mutable_trajectory() = std::move(trajectory);
  Send(message);
}

void SimulatedActor::Send(const v1::ActorMessage& message) {
  if (stream_ == 0 || world_.Chance(manners_.lost)) return;
  const double delay =
      world_.Chance(manners_.held_up) ? world_.Uniform(1, kLongest) : world_.Uniform(kQuickest, kUsual);
  // On its way it is the network's: an end of this process does not call it back.
  world_.In(delay, [this, envelope = Envelope{stream_, message, {}}] { learner_.OnMessage(envelope); });
}

}  // namespace nmn::fault
