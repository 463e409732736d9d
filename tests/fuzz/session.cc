// What an actor may say, in any order: the ingest core, driven by the calls of learner/service/exchange.cc and
// rpc_service.cc, without sockets and with a clock of its own.

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>

#include "common/nn/gaussian_head.h"
#include "common/text/quiet_parse.h"
#include "learner/ingest/core.h"
#include "tests/fuzz/inputs.pb.h"
#include "tests/fuzz/target.h"
#include "tests/unit/learner/ingest/fake_trajectory.h"

namespace nmn::fuzz {
namespace {

constexpr size_t kPeers = 4;
constexpr int kMostEvents = 200;
constexpr uint32_t kUnitEpisodes = 2;

const ingest::BatchShape& Shape() {
  static const ingest::BatchShape shape{.horizon = 2,
                                        .layout = trajectory::TrajectoryLayout::OfNetwork(1, nn::GaussianHead({})),
                                        .episodes = 4,
                                        .measures = {"hits"}};
  return shape;
}

v1::TaskSpec Task() {
  v1::TaskSpec task;
  task.set_name("task");
  task.set_version(1);
  return task;
}

class Learner {
 public:
  Learner(uint32_t max_lag, uint32_t verify_units)
      : core_({.run_id = ingest::kRunId,
               .generation = 1,
               .config_hash = "hash",
               .task = Task(),
               .shape = Shape(),
               .unit_episodes = kUnitEpisodes,
               .max_lag = max_lag,
               .last_update = 20,
               .verify_units = verify_units,
               .lease_seconds = 10,
               .max_actors = 2,
               .max_message_bytes = 8 << 10}) {
    Begin();
  }

  void Happen(const Event& event) {
    now_ += event.milliseconds() / 1000.0;
    Peer& peer = peers_[event.peer() % kPeers];
    switch (event.body_case()) {
      case Event::kRegister:
        core_.Register(event.register_().actor_id(), event.register_().incarnation(), event.register_().lanes(), now_)
            .IgnoreError();
        break;
      case Event::kMessage:
        Say(peer, event.message(), event.keep_sequence());
        break;
      case Event::kPlay:
        Say(peer, Played(event.play()), event.keep_sequence());
        break;
      case Event::kHangUp:
        HangUp(peer);
        break;
      case Event::BODY_NOT_SET:
        break;  // time passes
    }
    Decide();
  }

 private:
  struct Peer {
    ingest::StreamId stream = 0;  // 0: none
    uint64_t sequence = 0;
  };

  void Begin() {
    core_.Publish(++update_);
    core_.Open(update_);
    Decide();
  }

  static v1::ActorMessage Played(const Play& play) {
    v1::ActorMessage message;
    v1::Trajectory& trajectory = *message.mutable_trajectory();
    const uint32_t unit = play.unit() % (Shape().episodes / kUnitEpisodes) * kUnitEpisodes;
    trajectory = ingest::FakeTrajectory(Shape(), play.update(), unit, kUnitEpisodes,
                                        unit + play.first() % kUnitEpisodes, 1 + play.count() % kUnitEpisodes);
    trajectory.set_policy_version(play.version());
    if (play.block() < static_cast<uint32_t>(trajectory.blocks_size())) {
      v1::Block& block = *trajectory.mutable_blocks(static_cast<int>(play.block()));
      const size_t at = play.index() % (block.data().size() / sizeof(float)) * sizeof(float);
      const float value = play.value();
      if (play.poke())
        block.mutable_data()->replace(at, sizeof(value), reinterpret_cast<const char*>(&value), sizeof(value));
      if (play.shape_size() > 0) *block.mutable_shape() = play.shape();
    } else if (play.poke()) {
      trajectory.mutable_measures(0)->set_values(0, play.value());
    }
    if (!play.unsigned_()) trajectory.set_sha256(trajectory::PayloadSha256(trajectory));
    return message;
  }

  // As Exchange::Handle.
  void Say(Peer& peer, v1::ActorMessage message, bool keep_sequence) {
    if (peer.stream == 0) {
      peer = {++last_stream_, 0};
      core_.Connect(peer.stream, now_);
      Decide();
    }
    if (!keep_sequence) message.set_sequence(peer.sequence + 1);
    absl::Status status = core_.Count(peer.stream, message.sequence(), now_);
    if (status.ok()) ++peer.sequence;
    if (status.ok() && message.sequence() == 1 && !message.has_hello()) status = absl::FailedPreconditionError("");
    if (status.ok() && message.has_hello()) {
      status = core_.Hello(peer.stream, message.hello(), now_);
      if (status.ok()) greeted_.insert(peer.stream);
    }
    if (status.ok() && message.body_case() == v1::ActorMessage::BODY_NOT_SET) status = absl::InvalidArgumentError("");
    if (!status.ok()) return HangUp(peer);
    if (message.has_heartbeat()) core_.Heartbeat(peer.stream, message.heartbeat());
    if (message.has_leaving()) core_.Leave(peer.stream);
    if (message.has_trajectory()) Deliver(peer.stream, message.trajectory());
  }

  // As Exchange::HandleTrajectory.
  void Deliver(ingest::StreamId stream, const v1::Trajectory& trajectory) {
    const size_t bytes = trajectory.ByteSizeLong();
    ingest::Verdict verdict = core_.Examine(stream, trajectory, bytes, now_);
    if (!verdict.accepted()) return Refuse(verdict);
    const ingest::Verdict payload = ingest::CheckPayload(Shape().layout, trajectory);
    ingest::Slab::Claim claim;
    verdict = core_.Claim(stream, trajectory, payload, now_, claim);
    if (!verdict.accepted()) return Refuse(verdict);
    claim.Write(trajectory);
    verdict = core_.Keep(stream, trajectory, claim, now_);
    if (!verdict.accepted()) return Refuse(verdict);
    Require(greeted_.contains(stream), "episodes are taken of those that said hello");
    Require(bytes <= (8 << 10), "episodes are taken of messages within the limit");
    Require(trajectory.sha256() == trajectory::PayloadSha256(trajectory), "what is taken is what was sent");
    Require(trajectory.run_id() == ingest::kRunId && trajectory.generation() == 1, "what is taken is of this run");
  }

  static void Refuse(const ingest::Verdict& verdict) {
    Require(v1::RejectReason_IsValid(verdict.reason) && verdict.reason != v1::REJECT_REASON_UNSPECIFIED,
            "a refusal has a reason");
    Require(verdict.detail.find('\n') == std::string::npos, "a refusal is one line");
  }

  void HangUp(Peer& peer) {
    if (peer.stream == 0) return;
    greeted_.erase(peer.stream);
    const ingest::StreamId stream = peer.stream;
    peer = {};
    core_.Disconnect(stream, now_);
    Decide();
  }

  void Decide() {
    const ingest::Decisions decisions = core_.Decide(now_);
    for (const ingest::Grant& grant : decisions.grants) {
      Require(greeted_.contains(grant.stream), "leases are given to those that said hello");
      for (const v1::UnitId& unit : grant.lease.units())
        Require(core_.IsOpen(unit.update()) && unit.first_episode() + unit.count() <= Shape().episodes,
                "what is leased is of an open update");
    }
    for (const ingest::Close& close : decisions.closes) {
      for (Peer& peer : peers_) {
        if (peer.stream == close.stream) HangUp(peer);
      }
    }
    const std::optional<ingest::Time> next = core_.NextInstant(now_);
    Require(!next || *next > now_, "time goes on");
    if (!core_.failure().ok() || !core_.complete() || update_ >= 20) return;
    CheckBatch();
    Begin();
  }

  void CheckBatch() const {
    Require(IsSound(core_.slab().batch()), "no update trains on numbers that are none");
    for (const std::vector<double>& measure : core_.slab().measures()) {
      for (const double value : measure) Require(std::isfinite(value), "a measure is a number");
    }
  }

  static bool IsSound(const trajectory::TrajectoryBatch& batch) {
    bool sound = true;
    for (size_t field = 0; field < batch.layout().fields().size(); ++field) {
      const ConstView3 array = batch.array(field);
      for (size_t t = 0; t < array.planes; ++t) {
        for (size_t r = 0; r < array.rows; ++r) {
          for (size_t lane = 0; lane < array.columns; ++lane)
            sound &= std::fabs(array.plane(t).row(r)[lane]) <= batch.layout().fields()[field].kind->largest;
        }
      }
    }
    return sound;
  }

  ingest::Core core_;
  std::array<Peer, kPeers> peers_ = {};
  std::set<ingest::StreamId> greeted_;
  ingest::StreamId last_stream_ = 0;
  double now_ = 0;
  uint32_t update_ = 0;
};

}  // namespace

const google::protobuf::Message& SessionPrototype() { return Session::default_instance(); }

void ReadSession(std::string_view input) {
  Session session;
  if (!text::QuietParse(std::string(input), session)) return;
  Learner learner(session.max_lag() % 3, session.verify_units() % 4);
  for (int i = 0; i < std::min(session.events_size(), kMostEvents); ++i) learner.Happen(session.events(i));
}

}  // namespace nmn::fuzz
