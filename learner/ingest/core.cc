#include "learner/ingest/core.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/config/task.h"

namespace nmn::ingest {
namespace {

// The core remembers the messages of so many updates. A copy of one of them is called a duplicate. An older message is
// called stale.
constexpr uint32_t kUpdatesRemembered = 4;

// An actor may be so slow that its share is no unit at all. It still gets one unit after this many times the time that
// one unit takes it, because it may be faster by now.
constexpr double kTryAgain = 10;

// Whether a correct actor never sends a message that gets this verdict, however late the message is. After
// Patience::strikes of them the actor is quarantined.
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
      actors_(options_.max_actors, options_.patience),
      workforce_(options_.unit_episodes, kTryAgain) {
  for (uint32_t i = 0; i < options_.max_lag + 2; ++i)
    ring_.push_back({LeaseTable(options_.lease_seconds), Slab(options_.shape), LateSearch(options_.unit_episodes)});
}

size_t Core::LeasedTo(const Actor& actor) const {
  size_t units = 0;
  for (const Collection& collection : ring_) units += collection.leases.HeldBy(actor.holder);
  return units;
}

Core::LeaseCounts Core::lease_counts() const {
  LeaseCounts counts;
  for (const Collection& collection : ring_) {
    counts.outstanding += collection.leases.outstanding();
    counts.unleased += collection.leases.unleased();
    counts.granted += collection.leases.granted();
    counts.expired += collection.leases.expired();
  }
  return counts;
}

void Core::ReleaseAll(HolderId holder) {
  for (Collection& collection : ring_) collection.leases.ReleaseAll(holder);
}

absl::Status Core::Register(const std::string& actor_id, uint64_t incarnation, uint32_t lanes, Time now) {
  const auto found = actors_.actors().find(actor_id);
  const HolderId before = found == actors_.actors().end() ? 0 : found->second.holder;
  absl::Status status = actors_.Register(actor_id, incarnation, lanes, now, closes_);
  if (!status.ok()) return status;
  const Actor& actor = actors_.actors().at(actor_id);
  if (before != 0 && actor.holder != before) {
    ReleaseAll(before);
    touched_.insert(before);
  }
  Touch(actor);
  return status;
}

void Core::Connect(StreamId stream, Time now) { actors_.Connect(stream, now); }

absl::Status Core::CheckHello(const v1::Hello& hello) {
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
  if (hello.has_task()) {
    const std::string difference = config::DescribeOtherTask(hello.task(), options_.task);
    if (!difference.empty()) {
      ++rejects_[v1::WRONG_CONFIG];
      return absl::FailedPreconditionError("the actor plays another task: " + difference);
    }
  }
  return absl::OkStatus();
}

absl::Status Core::Hello(StreamId stream, const v1::Hello& hello, Time now) {
  absl::Status status = CheckHello(hello);
  if (status.ok()) status = actors_.Hello(stream, hello.actor_id(), hello.incarnation(), now, closes_);
  if (status.ok()) {
    // The actor begins anew with each stream, so its old leases end. It still delivers what it works on, or another
    // actor plays those units.
    ReleaseAll(actors_.Of(stream)->holder);
    Touch(*actors_.Of(stream));
    return status;
  }
  const auto refused = actors_.actors().find(hello.actor_id());
  if (refused != actors_.actors().end() && refused->second.incarnation == hello.incarnation())
    refused->second.last_error = std::string(status.message());
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
  Touch(*actor);
  ReleaseAll(actor->holder);
}

void Core::Disconnect(StreamId stream, Time now) {
  const Actor* actor = actors_.Disconnect(stream, now);
  if (actor == nullptr) return;
  ReleaseAll(actor->holder);
  Touch(*actor);
}

void Core::Publish(uint32_t version) {
  published_ = version;
  if (update_ != 0 && options_.max_lag > 0) OpenUntil(version + options_.max_lag);
}

void Core::Open(uint32_t update) {
  for (uint32_t over = update_; over < update && IsOpen(over); ++over) Of(over).leases.Close();
  update_ = update;
  if (first_update_ == 0) first_update_ = update;
  OpenUntil(options_.max_lag == 0 ? update : std::max(update, published_ + options_.max_lag));
}

void Core::OpenUntil(uint32_t update) {
  for (uint32_t next = std::max(newest_ + 1, update_); next <= std::min(update, options_.last_update); ++next) {
    Of(next).slab.Clear();
    Of(next).leases.Open(options_.shape.episodes, options_.unit_episodes);
    Of(next).late_search.Clear();
    Of(next).verification = {.wanted = IsToBeVerified(next), .unit = {}, .first_player = {}};
    accepted_[next];
    newest_ = next;
  }
  while (accepted_.size() > kUpdatesRemembered + options_.max_lag) accepted_.erase(accepted_.begin());
}

std::optional<size_t> Core::UnitIndex(const v1::UnitId& unit) const {
  if (!IsOpen(unit.update()) || unit.count() != options_.unit_episodes ||
      unit.first_episode() % options_.unit_episodes != 0) {
    return std::nullopt;
  }
  const size_t index = unit.first_episode() / options_.unit_episodes;
  return index < Of(unit.update()).leases.units() ? std::optional(index) : std::nullopt;
}

Verdict Core::JudgeDuplicate(const v1::Trajectory& trajectory) const {
  const auto update = accepted_.find(trajectory.unit().update());
  if (update == accepted_.end()) return {v1::STALE_POLICY, "the update is long over"};
  const auto part = update->second.find({trajectory.first_episode(), trajectory.count()});
  if (part != update->second.end()) {
    // Another version of the policy plays other episodes, so only copies of the same version must be equal.
    const bool same =
        part->second.policy_version != trajectory.policy_version() || part->second.sha256 == trajectory.sha256();
    return same ? Verdict{v1::DUPLICATE, ""}
                : Verdict{v1::DUPLICATE_DIFFERS, "the one accepted first has another SHA-256"};
  }
  return IsOpen(trajectory.unit().update()) ? Verdict{} : Verdict{v1::STALE_POLICY, "the update is over"};
}

Verdict Core::JudgePolicy(const v1::Trajectory& trajectory) const {
  const uint32_t update = trajectory.unit().update();
  const uint32_t version = trajectory.policy_version();
  if (options_.max_lag == 0) {
    return version == update
               ? Verdict{}
               : Verdict{v1::STALE_POLICY, "update " + std::to_string(update) + " needs the weights of that version"};
  }
  if (version <= std::min(update, published_) && update - version <= options_.max_lag && version > 0) return {};
  return {v1::STALE_POLICY, "version " + std::to_string(version) + " for update " + std::to_string(update) +
                                "; async.max_lag is " + std::to_string(options_.max_lag)};
}

bool Core::Quarantined(StreamId stream, Time now) {
  const Actor* actor = actors_.Of(stream);
  return actor != nullptr && now < actor->quarantined_until;
}

Verdict Core::Judge(StreamId stream, const v1::Trajectory& trajectory, size_t message_bytes, Time now) {
  const Actor* actor = actors_.Of(stream);
  if (actor == nullptr) return {v1::MALFORMED, "no hello"};
  if (message_bytes > options_.max_message_bytes) return {v1::OVERSIZE, std::to_string(message_bytes) + " bytes"};
  if (now < actor->quarantined_until) {
    return {v1::QUARANTINED, absl::StrCat("in quarantine for malformed messages; wait up to ",
                                          options_.patience.quarantine_seconds, " s")};
  }
  if (trajectory.run_id() != options_.run_id) return {v1::WRONG_RUN, "this run is " + options_.run_id};
  if (trajectory.generation() != options_.generation) return {v1::STALE_GENERATION, "register again"};
  if (Verdict verdict = JudgePolicy(trajectory); !verdict.accepted()) return verdict;
  if (trajectory.unit().update() > newest_) return {v1::UNKNOWN_UNIT, "that update has not begun"};
  if (IsSecondPlay(*actor, trajectory)) return CheckShape(options_.shape, trajectory);
  if (Verdict verdict = JudgeDuplicate(trajectory); !verdict.accepted()) return verdict;
  const std::optional<size_t> unit = UnitIndex(trajectory.unit());
  if (!unit) return {v1::UNKNOWN_UNIT, "no unit of this update"};
  if (!Of(trajectory.unit().update()).leases.WasIssuedTo(actor->holder, *unit))
    return {v1::UNKNOWN_UNIT, "never leased to this actor"};
  return CheckShape(options_.shape, trajectory);
}

Verdict Core::Examine(StreamId stream, const v1::Trajectory& trajectory, size_t message_bytes, Time now) {
  trajectory_bytes_ += message_bytes;
  Verdict verdict = Judge(stream, trajectory, message_bytes, now);
  if (!verdict.accepted()) Reject(stream, trajectory, verdict, now);
  return verdict;
}

Verdict Core::Claim(StreamId stream, const v1::Trajectory& trajectory, const Verdict& payload, Time now,
                    Slab::Claim& claim) {
  // The payload was checked without a lock. Meanwhile the update may have ended or a copy may have come: judge again.
  Verdict verdict = payload.accepted() ? Judge(stream, trajectory, 0, now) : payload;
  if (verdict.accepted()) {
    claim = Of(trajectory.unit().update()).slab.Reserve(trajectory);
  } else {
    Reject(stream, trajectory, verdict, now);
  }
  return verdict;
}

// Credits the sender with a good message.
void Core::OnGood(Actor& sender, const v1::Trajectory& trajectory, Time now) {
  sender.strikes = 0;
  sender.no_lease_before = 0;
  sender.pace.OnArrived(trajectory.unit(), trajectory.count(), now);
  Touch(sender);
}

Verdict Core::Keep(StreamId stream, const v1::Trajectory& trajectory, const Slab::Claim& claim, Time now) {
  const uint32_t update = trajectory.unit().update();
  if (Actor* player = actors_.Of(stream);
      player != nullptr && claim.missing() == 0 && IsSecondPlay(*player, trajectory)) {
    OnGood(*player, trajectory, now);
    const Verdict verdict = KeepSecondPlay(*player, trajectory, claim);
    Tell(stream, trajectory, verdict, 0);
    return verdict;
  }
  Slab& slab = Of(update).slab;
  Verdict verdict;
  if (!claim.agrees()) {
    slab.GiveUp(claim);
    verdict = {v1::DUPLICATE_DIFFERS, "other episodes than those accepted"};
  } else if (!slab.Keep(claim)) {
    verdict = {v1::STALE_POLICY, "the update is over"};
  }
  if (!verdict.accepted()) {
    Reject(stream, trajectory, verdict, now);
    return verdict;
  }
  Actor* actor = actors_.Of(stream);
  if (actor != nullptr) {
    OnGood(*actor, trajectory, now);
    actor->policy_version = trajectory.policy_version();
    actor->policy_lag = update - trajectory.policy_version();
  }
  if (claim.missing() > 0) {
    accepted_[update][{trajectory.first_episode(), trajectory.count()}] = {trajectory.sha256(),
                                                                           trajectory.policy_version()};
    FinishUnits(actor, trajectory);
  } else {
    verdict = {v1::DUPLICATE, ""};
  }
  Tell(stream, trajectory, verdict, claim.missing());
  return verdict;
}

void Core::FinishUnits(Actor* deliverer, const v1::Trajectory& trajectory) {
  const v1::UnitId& unit = trajectory.unit();
  for (uint32_t e = unit.first_episode(); e < unit.first_episode() + unit.count(); ++e) {
    if (!Of(unit.update()).slab.Has(e)) return;
  }
  const std::optional<size_t> index = UnitIndex(unit);
  if (index) Of(unit.update()).leases.Finish(*index);
  if (deliverer != nullptr) ++deliverer->units_accepted;
  if (index) PlayAgainWhereWanted(unit.update(), *index, deliverer == nullptr ? "" : deliverer->id);
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
  Touch(*actor);
  const bool of_its_lease = verdict.reason != v1::QUARANTINED &&
                            actor->pace.OnArrived(trajectory.unit(), trajectory.count(), now) &&
                            !IsMalformed(verdict.reason);
  if (of_its_lease || verdict.reason == v1::DUPLICATE) actor->no_lease_before = 0;
  if (verdict.reason == v1::DUPLICATE) return;
  actor->last_error = v1::RejectReason_Name(verdict.reason) + ": " + verdict.detail;
  if (const std::optional<size_t> unit = UnitIndex(trajectory.unit()))
    Of(trajectory.unit().update()).leases.Release(actor->holder, *unit);
  if (IsMalformed(verdict.reason) && actors_.Strike(*actor, now)) ReleaseAll(actor->holder);
}

}  // namespace nmn::ingest
