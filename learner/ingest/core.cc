#include "learner/ingest/core.h"

#include <algorithm>

namespace nmn::ingest {
namespace {

// A message of an update this far back can still be told from a duplicate.
constexpr uint32_t kUpdatesRemembered = 4;

// Whether a message with this verdict could not come from a correct actor, however late: three of them and it is
// quarantined.
bool IsMalformed(v1::RejectReason reason) {
  switch (reason) {
    case v1::MALFORMED:
    case v1::WRONG_SHAPE:
    case v1::NOT_FINITE:
    case v1::OUT_OF_RANGE:
    case v1::DIGEST_MISMATCH:
    case v1::OVERSIZE:
    case v1::WRONG_RUN:
      return true;
    default:
      return false;
  }
}

}  // namespace

Core::Core(CoreOptions options)
    : options_(std::move(options)),
      actors_(options_.max_actors),
      leases_(options_.lease_seconds),
      slabs_{Slab(options_.shape), Slab(options_.shape)} {}

absl::Status Core::Register(const std::string& actor_id, uint64_t incarnation, uint32_t lanes, Time now) {
  const auto found = actors_.actors().find(actor_id);
  const HolderId before = found == actors_.actors().end() ? 0 : found->second.holder;
  absl::Status status = actors_.Register(actor_id, incarnation, lanes, now, closes_);
  if (status.ok() && before != 0 && actors_.actors().at(actor_id).holder != before) leases_.ReleaseAll(before);
  return status;
}

void Core::Connect(StreamId stream, Time now) { actors_.Connect(stream, now); }

absl::Status Core::Hello(StreamId stream, const v1::Hello& hello, Time now) {
  if (hello.run_id() != options_.run_id) {
    ++rejects_[v1::WRONG_RUN];
    return absl::FailedPreconditionError("this learner's run is " + options_.run_id + "; register again");
  }
  if (hello.generation() != options_.generation) {
    ++rejects_[v1::STALE_GENERATION];
    return absl::FailedPreconditionError("generation " + std::to_string(hello.generation()) + " is over, now is " +
                                         std::to_string(options_.generation) + "; register again");
  }
  if (hello.config_hash() != options_.config_hash) {
    ++rejects_[v1::WRONG_CONFIG];
    return absl::FailedPreconditionError("another config; register again");
  }
  absl::Status status = actors_.Hello(stream, hello.actor_id(), hello.incarnation(), now, closes_);
  // A process that opens a stream begins anew: what it still works on it will deliver, or somebody else will.
  if (status.ok()) leases_.ReleaseAll(actors_.Of(stream)->holder);
  return status;
}

absl::Status Core::Count(StreamId stream, uint64_t sequence, Time now) {
  absl::Status status = actors_.Count(stream, sequence);
  if (Actor* actor = actors_.Of(stream); actor != nullptr) {
    actor->last_heard = now;
    if (!status.ok()) actor->last_error = std::string(status.message());
  }
  return status;
}

void Core::Heartbeat(StreamId stream, const v1::Heartbeat& heartbeat) {
  Actor* actor = actors_.Of(stream);
  if (actor == nullptr) return;
  actor->steps_per_second = heartbeat.steps_per_second();
  actor->policy_version = heartbeat.policy_version();
}

void Core::Leave(StreamId stream) {
  Actor* actor = actors_.Of(stream);
  if (actor == nullptr) return;
  actor->left = true;
  leases_.ReleaseAll(actor->holder);
}

void Core::Disconnect(StreamId stream, Time now) {
  if (const Actor* actor = actors_.Disconnect(stream, now); actor != nullptr) leases_.ReleaseAll(actor->holder);
}

void Core::Open(uint32_t update) {
  update_ = update;
  current_ = 1 - current_;
  slabs_[current_].Clear();
  leases_.Open(options_.shape.episodes, options_.unit_episodes);
  accepted_[update];
  while (accepted_.size() > kUpdatesRemembered) accepted_.erase(accepted_.begin());
}

std::optional<size_t> Core::UnitIndex(const v1::UnitId& unit) const {
  if (unit.update() != update_ || unit.count() != options_.unit_episodes ||
      unit.first_episode() % options_.unit_episodes != 0) {
    return std::nullopt;
  }
  const size_t index = unit.first_episode() / options_.unit_episodes;
  return index < leases_.units() ? std::optional(index) : std::nullopt;
}

Verdict Core::JudgeDuplicate(const v1::Trajectory& trajectory) const {
  const auto update = accepted_.find(trajectory.unit().update());
  if (update == accepted_.end()) return {v1::STALE_POLICY, "the update is long over"};
  const auto part = update->second.find({trajectory.first_episode(), trajectory.count()});
  if (part != update->second.end()) {
    return part->second == trajectory.sha256()
               ? Verdict{v1::DUPLICATE, ""}
               : Verdict{v1::DUPLICATE_DIFFERS, "the one accepted first has another SHA-256"};
  }
  return trajectory.unit().update() == update_ ? Verdict{} : Verdict{v1::STALE_POLICY, "the update is over"};
}

bool Core::Quarantined(StreamId stream, Time now) {
  const Actor* actor = actors_.Of(stream);
  return actor != nullptr && now < actor->quarantined_until;
}

Verdict Core::Judge(StreamId stream, const v1::Trajectory& trajectory, size_t message_bytes, Time now) {
  const Actor* actor = actors_.Of(stream);
  if (actor == nullptr) return {v1::MALFORMED, "no hello"};
  if (message_bytes > options_.max_message_bytes) return {v1::OVERSIZE, std::to_string(message_bytes) + " bytes"};
  if (now < actor->quarantined_until) return {v1::QUARANTINED, "three malformed messages; wait a minute"};
  if (trajectory.run_id() != options_.run_id) return {v1::WRONG_RUN, "this run is " + options_.run_id};
  if (trajectory.generation() != options_.generation) return {v1::STALE_GENERATION, "register again"};
  if (trajectory.policy_version() != trajectory.unit().update()) {
    return {v1::STALE_POLICY,
            "update " + std::to_string(trajectory.unit().update()) + " needs the weights of that version"};
  }
  if (trajectory.unit().update() > update_) return {v1::UNKNOWN_UNIT, "that update has not begun"};
  if (Verdict verdict = JudgeDuplicate(trajectory); !verdict.accepted()) return verdict;
  const std::optional<size_t> unit = UnitIndex(trajectory.unit());
  if (!unit) return {v1::UNKNOWN_UNIT, "no unit of this update"};
  if (!leases_.WasIssuedTo(actor->holder, *unit)) return {v1::UNKNOWN_UNIT, "never leased to this actor"};
  return CheckShape(options_.shape, trajectory);
}

Verdict Core::Examine(StreamId stream, const v1::Trajectory& trajectory, size_t message_bytes, Time now) {
  trajectory_bytes_ += message_bytes;
  Verdict verdict = Judge(stream, trajectory, message_bytes, now);
  if (!verdict.accepted()) Reject(stream, trajectory, verdict, now);
  return verdict;
}

Verdict Core::Deliver(StreamId stream, const v1::Trajectory& trajectory, const Verdict& payload, Time now) {
  // Judged again, for the world may have moved while the payload was checked.
  Verdict verdict = payload.accepted() ? Judge(stream, trajectory, 0, now) : payload;
  if (verdict.accepted() && !slab().Agrees(trajectory))
    verdict = {v1::DUPLICATE_DIFFERS, "other episodes than those accepted"};
  if (!verdict.accepted()) {
    Reject(stream, trajectory, verdict, now);
    return verdict;
  }
  Actor& actor = *actors_.Of(stream);
  actor.strikes = 0;
  actor.no_lease_before = 0;
  actor.pace.OnArrived(trajectory.unit(), trajectory.count(), now);
  actor.policy_version = trajectory.policy_version();
  actor.policy_lag = trajectory.unit().update() - trajectory.policy_version();
  accepted_[update_][{trajectory.first_episode(), trajectory.count()}] = trajectory.sha256();
  const uint32_t new_episodes = slabs_[current_].Fill(trajectory);
  if (new_episodes == 0) verdict = {v1::DUPLICATE, ""};
  if (verdict.accepted()) FinishUnits(actor, trajectory);
  Tell(stream, trajectory, verdict, new_episodes);
  return verdict;
}

void Core::FinishUnits(Actor& deliverer, const v1::Trajectory& trajectory) {
  const v1::UnitId& unit = trajectory.unit();
  for (uint32_t e = unit.first_episode(); e < unit.first_episode() + unit.count(); ++e) {
    if (!slab().Has(e)) return;
  }
  leases_.Finish(*UnitIndex(unit));
  ++deliverer.units_accepted;
}

void Core::Tell(StreamId stream, const v1::Trajectory& trajectory, const Verdict& verdict, uint32_t new_episodes) {
  ++verdicts_[verdict.reason];
  if (options_.events != nullptr) options_.events->OnVerdict(actors_.Of(stream), trajectory, verdict, new_episodes);
}

void Core::Reject(StreamId stream, const v1::Trajectory& trajectory, const Verdict& verdict, Time now) {
  ++rejects_[verdict.reason];
  Tell(stream, trajectory, verdict, 0);
  Actor* actor = actors_.Of(stream);
  if (actor == nullptr) return;
  const bool of_its_lease = verdict.reason != v1::QUARANTINED &&
                            actor->pace.OnArrived(trajectory.unit(), trajectory.count(), now) &&
                            !IsMalformed(verdict.reason);
  if (of_its_lease || verdict.reason == v1::DUPLICATE) actor->no_lease_before = 0;
  if (verdict.reason == v1::DUPLICATE) return;
  actor->last_error = v1::RejectReason_Name(verdict.reason) + ": " + verdict.detail;
  if (const std::optional<size_t> unit = UnitIndex(trajectory.unit())) leases_.Release(actor->holder, *unit);
  if (IsMalformed(verdict.reason) && actors_.Strike(*actor, now)) leases_.ReleaseAll(actor->holder);
}

}  // namespace nmn::ingest
