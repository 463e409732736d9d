#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "learner/ingest/actor_table.h"
#include "learner/ingest/batch_shape.h"
#include "learner/ingest/event_sink.h"
#include "learner/ingest/lease_table.h"
#include "learner/ingest/slab.h"
#include "learner/ingest/validate.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::ingest {

struct CoreOptions {
  std::string run_id;
  uint32_t generation = 0;
  std::string config_hash;  // 32 bytes
  v1::TaskSpec task = {};   // of the run
  BatchShape shape;
  uint32_t unit_episodes = 0;  // divides shape.episodes
  // Versions that the policy of an episode may be behind its update. 0, SYNC: an update is played by its own weights.
  uint32_t max_lag = 0;
  uint32_t last_update = UINT32_MAX;  // of the budget: none after it is opened
  // One unit of each of the first three updates, then of every update that this divides, is played twice and compared;
  // 0: none.
  uint32_t verify_units = 0;
  double lease_seconds = 0;
  uint32_t max_actors = 0;
  size_t max_message_bytes = 0;
  EventSink* events = nullptr;  // may be null; must live as long as the core
};

// Units for an actor, on its stream.
struct Grant {
  StreamId stream = 0;
  v1::Lease lease;
};

// What the caller must do now.
struct Decisions {
  std::vector<Close> closes;  // in the order decided
  std::vector<Grant> grants;
  std::vector<std::string> warnings;  // to be logged
};

// Units that were played twice, by what came of it.
struct VerifiedUnits {
  uint64_t same = 0;
  uint64_t different = 0;
  uint64_t undecided = 0;  // other weights played them
};

// Everything hard about collecting the episodes of an update from actors that come, go, hang, repeat themselves or send
// rubbish. Events in, decisions out: no I/O, no threads, no clock of its own (`now` is the caller's steady clock and
// never goes back). Not thread-safe. After any event, call Decide and carry out what it says.
//
// With max_lag L, the L updates that follow are open too: an actor plays units of the oldest update that has any, with
// the newest weights, so that an update's episodes are from its own version or up to L before. Each open update has a
// slab; no message of a version beyond that is taken.
//
// A unit that is to be verified is leased again once it is there. Its second play is compared with the first, and goes
// nowhere. In SYNC a difference is the failure of the run; else it is warned of.
//
// A trajectory takes five steps, because two of them are costly and need no lock:
//   Examine (identity, run, unit, duplicate, shape) -> CheckPayload (digest, finite, range; no lock)
//   -> Claim (its episodes that are missing) -> Slab::Claim::Write (compares, copies; no lock) -> Keep (they are here)
// A verdict that is not ACCEPTED ends it at once. What was claimed must be written and kept. Of two copies that are on
// their way at the same time the one claimed first counts; the other is not compared with it.
class Core {
 public:
  explicit Core(CoreOptions options);

  absl::Status Register(const std::string& actor_id, uint64_t incarnation, uint32_t lanes, Time now);
  void Connect(StreamId stream, Time now);
  absl::Status Hello(StreamId stream, const v1::Hello& hello, Time now);
  // Each message of a stream, before anything else is done with it.
  absl::Status Count(StreamId stream, uint64_t sequence, Time now);
  void Heartbeat(StreamId stream, const v1::Heartbeat& heartbeat);
  void Leave(StreamId stream);
  void Disconnect(StreamId stream, Time now);

  // The weights of `version` can be had: updates up to `version` + max_lag may be leased.
  void Publish(uint32_t version);
  // Collects `update`; what was not finished of an earlier one is given up. The slab of the one before stays as it is
  // until the weights of the version after `update` are published, or the update after it is opened.
  void Open(uint32_t update);

  Verdict Examine(StreamId stream, const v1::Trajectory& trajectory, size_t message_bytes, Time now);
  // `claim` is set where the verdict is ACCEPTED.
  Verdict Claim(StreamId stream, const v1::Trajectory& trajectory, const Verdict& payload, Time now,
                Slab::Claim& claim);
  // The stream may have ended since it claimed.
  Verdict Keep(StreamId stream, const v1::Trajectory& trajectory, const Slab::Claim& claim, Time now);

  // Whether what the stream sends would be answered with QUARANTINED.
  bool Quarantined(StreamId stream, Time now);

  Decisions Decide(Time now);
  // When Decide could decide something new though nothing happens.
  std::optional<Time> NextInstant(Time now) const;

  // False before the first update and past the budget's last.
  bool IsOpen(uint32_t update) const { return update_ != 0 && update >= update_ && update <= newest_; }
  // Of the oldest open update.
  bool complete() const { return IsOpen(update_) && slab().complete() && !Of(update_).verification.wanted; }
  // FAILED_PRECONDITION: the task is not a function of its seeds. It will not mend.
  const absl::Status& failure() const { return failure_; }
  const VerifiedUnits& verified_units() const { return verified_units_; }
  uint32_t update() const { return update_; }
  const Slab& slab() const { return Of(update_).slab; }

  const ActorTable& actors() const { return actors_; }
  size_t LeasedTo(const Actor& actor) const;
  // Of all open updates; granted and expired ones of all there were.
  struct LeaseCounts {
    size_t outstanding = 0;
    size_t unleased = 0;  // units
    uint64_t granted = 0;
    uint64_t expired = 0;
  };
  LeaseCounts lease_counts() const;
  const std::map<v1::RejectReason, uint64_t>& rejects() const { return rejects_; }
  // Of trajectory messages: how many by verdict, and their bytes.
  const std::map<v1::RejectReason, uint64_t>& verdicts() const { return verdicts_; }
  uint64_t trajectory_bytes() const { return trajectory_bytes_; }

 private:
  using Part = std::pair<uint32_t, uint32_t>;  // first episode and count of a message
  struct Accepted {
    std::string sha256;
    uint32_t policy_version = 0;
  };
  // Of one unit of an update: the first that is there is played a second time.
  struct Verification {
    bool wanted = false;         // and not over
    std::optional<size_t> unit;  // once it is there
    uint32_t compared = 0;       // episodes
    std::string first_player;
  };
  // An update and its episodes.
  struct Collection {
    LeaseTable leases;
    Slab slab;
    Verification verification = {};
  };

  absl::Status CheckHello(const v1::Hello& hello);
  Verdict Judge(StreamId stream, const v1::Trajectory& trajectory, size_t message_bytes, Time now);
  Verdict JudgeDuplicate(const v1::Trajectory& trajectory) const;
  void Tell(StreamId stream, const v1::Trajectory& trajectory, const Verdict& verdict, uint32_t new_episodes);
  void Reject(StreamId stream, const v1::Trajectory& trajectory, const Verdict& verdict, Time now);
  std::optional<size_t> UnitIndex(const v1::UnitId& unit) const;
  static void OnGood(Actor& sender, const v1::Trajectory& trajectory, Time now);
  void FinishUnits(Actor* deliverer, const v1::Trajectory& trajectory);
  bool IsToBeVerified(uint32_t update) const;
  void PlayAgainWhereWanted(uint32_t update, size_t unit, const std::string& first_player);
  bool IsSecondPlay(const Actor& actor, const v1::Trajectory& trajectory) const;
  Verdict KeepSecondPlay(const Actor& actor, const v1::Trajectory& trajectory, const Slab::Claim& claim);
  void Differs(const Actor& actor, const v1::Trajectory& trajectory, const Slab::Difference& difference);
  void GrantLeases(Time now, std::vector<Grant>& grants);
  void GrantUnleased(uint32_t update, const std::vector<Actor*>& workers, Time now, std::vector<Grant>& grants);
  void GrantLate(uint32_t update, const std::vector<Actor*>& workers, Time now, std::vector<Grant>& grants);
  void GiveUpOnSilent(Actor& actor, Time now);
  size_t Room(const Actor& actor) const;
  void Give(Actor& actor, uint32_t update, const std::vector<size_t>& units, Time now, std::vector<Grant>& grants);
  bool MayWork(const Actor& actor, Time now) const;
  v1::Lease MakeLease(uint32_t update, const std::vector<size_t>& units) const;

  Collection& Of(uint32_t update) { return ring_[update % ring_.size()]; }
  const Collection& Of(uint32_t update) const { return ring_[update % ring_.size()]; }
  void OpenUntil(uint32_t update);
  Verdict JudgePolicy(const v1::Trajectory& trajectory) const;
  bool Holds(const Actor& actor) const { return LeasedTo(actor) > 0; }
  void ReleaseAll(HolderId holder);

  CoreOptions options_;
  ActorTable actors_;
  // By update modulo its size: the open updates, and the one before them, which is being learnt from.
  std::vector<Collection> ring_;
  uint32_t update_ = 0;                                    // the oldest that is open; 0: none yet
  uint32_t newest_ = 0;                                    // the newest that is open
  uint32_t published_ = 0;                                 // newest weights
  std::map<uint32_t, std::map<Part, Accepted>> accepted_;  // messages, by update; a bounded number of updates
  std::map<v1::RejectReason, uint64_t> rejects_;
  std::map<v1::RejectReason, uint64_t> verdicts_;
  uint64_t trajectory_bytes_ = 0;
  uint32_t first_update_ = 0;  // of this process
  VerifiedUnits verified_units_;
  absl::Status failure_;
  std::vector<std::string> warnings_;     // not yet told
  std::vector<Close> closes_;             // decided, not yet told
  std::optional<Time> somebody_late_at_;  // the next instant, as of the last Decide, at which one more is late
};

}  // namespace nmn::ingest
