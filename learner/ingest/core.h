#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "learner/ingest/actor_table.h"
#include "learner/ingest/batch_shape.h"
#include "learner/ingest/event_sink.h"
#include "learner/ingest/late_search.h"
#include "learner/ingest/lease_table.h"
#include "learner/ingest/slab.h"
#include "learner/ingest/validate.h"
#include "learner/ingest/workforce.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::ingest {

struct CoreOptions {
  std::string run_id;
  uint32_t generation = 0;
  std::string config_hash;  // 32 bytes
  v1::TaskSpec task = {};   // the task of the run
  BatchShape shape;
  uint32_t unit_episodes = 0;  // divides shape.episodes
  // How many versions the policy of an episode may be behind its update. 0 is mode SYNC: an update is played by its own
  // weights.
  uint32_t max_lag = 0;
  uint32_t last_update = UINT32_MAX;  // the last of the budget; no update after it is opened
  // Some units are played twice and compared: one of each of the first three updates, then one of every update that
  // this number divides. 0: none.
  uint32_t verify_units = 0;
  double lease_seconds = 0;
  uint32_t max_actors = 0;
  size_t max_message_bytes = 0;
  EventSink* events = nullptr;  // may be null; must live as long as the core
  Patience patience = {};
};

// A lease of units, for the actor of this stream.
struct Grant {
  StreamId stream = 0;
  v1::Lease lease;
};

// What the caller must do now.
struct Decisions {
  std::vector<Close> closes;  // in the order in which they were decided
  std::vector<Grant> grants;
  std::vector<std::string> warnings;  // to be logged
};

// How many units were played twice, by the result.
struct VerifiedUnits {
  uint64_t same = 0;
  uint64_t different = 0;
  uint64_t undecided = 0;  // other weights played them
};

// Collects the episodes of an update from actors that come, go, hang, repeat themselves or send rubbish.
//
// Events go in, decisions come out. The core has no I/O, no threads and no clock: `now` is the caller's steady clock
// and never goes back. It is not thread-safe. After any event, call Decide and carry out what it says.
//
// With max_lag L, the L updates that follow are open too. An actor plays units of the oldest update that has any, with
// the newest weights. So an update's episodes are from its own version or from up to L versions before. Each open
// update has a slab. Messages of other versions are refused.
//
// When a unit that is to be verified has arrived, it is leased again. Its second play is compared with the first and
// then dropped. In SYNC a difference ends the run as failed. In ASYNC it is a warning.
//
// A trajectory takes five steps, because two of them are costly and need no lock:
//   Examine (identity, run, unit, duplicate, shape) -> CheckPayload (digest, finite, range; no lock)
//   -> Claim (its episodes that are missing) -> Slab::Claim::Write (compares, copies; no lock) -> Keep (they are here)
// A verdict that is not ACCEPTED ends it at once. What was claimed must be written and kept. If two copies are on their
// way at the same time, the one that was claimed first counts. The other is not compared with it.
class Core {
 public:
  explicit Core(CoreOptions options);

  absl::Status Register(const std::string& actor_id, uint64_t incarnation, uint32_t lanes, Time now);
  void Connect(StreamId stream, Time now);
  absl::Status Hello(StreamId stream, const v1::Hello& hello, Time now);
  // Call this for each message of a stream, before anything else is done with it.
  absl::Status Count(StreamId stream, uint64_t sequence, Time now);
  void Heartbeat(StreamId stream, const v1::Heartbeat& heartbeat);
  void Leave(StreamId stream);
  void Disconnect(StreamId stream, Time now);

  // Actors can now get the weights of `version`, so updates up to `version` + max_lag may be leased.
  void Publish(uint32_t version);
  // Begins to collect `update`. Units of earlier updates that are not finished are given up. The slab of the update
  // before stays as it is until the weights of the version after `update` are published, or the update after it is
  // opened.
  void Open(uint32_t update);

  Verdict Examine(StreamId stream, const v1::Trajectory& trajectory, size_t message_bytes, Time now);
  // Sets `claim` if the verdict is ACCEPTED.
  Verdict Claim(StreamId stream, const v1::Trajectory& trajectory, const Verdict& payload, Time now,
                Slab::Claim& claim);
  // The stream may have ended since it claimed.
  Verdict Keep(StreamId stream, const v1::Trajectory& trajectory, const Slab::Claim& claim, Time now);

  // Whether what the stream sends would be answered with QUARANTINED.
  bool Quarantined(StreamId stream, Time now);

  Decisions Decide(Time now);
  // When Decide could decide something new although no event comes.
  std::optional<Time> NextInstant(Time now) const;

  // False before the first update and after the budget's last.
  bool IsOpen(uint32_t update) const { return update_ != 0 && update >= update_ && update <= newest_; }
  // Whether the oldest open update has all its episodes.
  bool complete() const { return IsOpen(update_) && slab().complete() && !Of(update_).verification.wanted; }
  // FAILED_PRECONDITION: the task depends on more than its seeds. To try again does not help.
  const absl::Status& failure() const { return failure_; }
  const VerifiedUnits& verified_units() const { return verified_units_; }
  uint32_t update() const { return update_; }
  const Slab& slab() const { return Of(update_).slab; }

  const ActorTable& actors() const { return actors_; }
  size_t LeasedTo(const Actor& actor) const;
  // `outstanding` and `unleased` are about all open updates, `granted` and `expired` about all updates so far.
  struct LeaseCounts {
    size_t outstanding = 0;
    size_t unleased = 0;  // units
    uint64_t granted = 0;
    uint64_t expired = 0;
  };
  LeaseCounts lease_counts() const;
  const std::map<v1::RejectReason, uint64_t>& rejects() const { return rejects_; }
  // How many trajectory messages there were, by verdict, and how many bytes they had.
  const std::map<v1::RejectReason, uint64_t>& verdicts() const { return verdicts_; }
  uint64_t trajectory_bytes() const { return trajectory_bytes_; }

 private:
  using Part = std::pair<uint32_t, uint32_t>;  // first episode and count of a message
  struct Accepted {
    std::string sha256;
    uint32_t policy_version = 0;
  };
  // The state of verifying one unit of an update. The first unit that arrives is played a second time.
  struct Verification {
    bool wanted = false;         // a unit is to be verified, and that is not over
    std::optional<size_t> unit;  // set once the unit has arrived
    uint32_t compared = 0;       // episodes
    std::string first_player;
  };
  // An update and its episodes.
  struct Collection {
    LeaseTable leases;
    Slab slab;
    LateSearch late_search;
    Verification verification = {};
  };

  absl::Status CheckHello(const v1::Hello& hello);
  Verdict Judge(StreamId stream, const v1::Trajectory& trajectory, size_t message_bytes, Time now);
  Verdict JudgeDuplicate(const v1::Trajectory& trajectory) const;
  void Tell(StreamId stream, const v1::Trajectory& trajectory, const Verdict& verdict, uint32_t new_episodes);
  void Reject(StreamId stream, const v1::Trajectory& trajectory, const Verdict& verdict, Time now);
  std::optional<size_t> UnitIndex(const v1::UnitId& unit) const;
  void OnGood(Actor& sender, const v1::Trajectory& trajectory, Time now);
  void FinishUnits(Actor* deliverer, const v1::Trajectory& trajectory);
  bool IsToBeVerified(uint32_t update) const;
  void PlayAgainWhereWanted(uint32_t update, size_t unit, const std::string& first_player);
  bool IsSecondPlay(const Actor& actor, const v1::Trajectory& trajectory) const;
  Verdict KeepSecondPlay(const Actor& actor, const v1::Trajectory& trajectory, const Slab::Claim& claim);
  void Differs(const Actor& actor, const v1::Trajectory& trajectory, const Slab::Difference& difference);
  void GrantLeases(Time now, std::vector<Grant>& grants);
  void GrantUnleased(uint32_t update, Time now, std::vector<Grant>& grants);
  void GrantLate(uint32_t update, Time now, std::vector<Grant>& grants);
  void GiveUpOnSilent(Time now);
  // What is known of this actor changed in a way that may change who gets which lease.
  void Touch(const Actor& actor) { touched_.insert(actor.holder); }
  // Puts all actors that changed, and those that may work again, where they belong.
  void PlaceTouched(Time now);
  void Place(Actor& actor, Time now);
  void PlaceHeld(Collection& collection, HolderId holder, const Actor* actor, Time now);
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
  // Indexed by update modulo its size. Holds the open updates and the one before them, which the learner trains on.
  std::vector<Collection> ring_;
  uint32_t update_ = 0;                                    // the oldest that is open; 0: none yet
  uint32_t newest_ = 0;                                    // the newest that is open
  uint32_t published_ = 0;                                 // the version of the newest weights
  std::map<uint32_t, std::map<Part, Accepted>> accepted_;  // messages, by update; a bounded number of updates
  std::map<v1::RejectReason, uint64_t> rejects_;
  std::map<v1::RejectReason, uint64_t> verdicts_;
  uint64_t trajectory_bytes_ = 0;
  uint32_t first_update_ = 0;  // the first update of this process
  VerifiedUnits verified_units_;
  absl::Status failure_;
  std::vector<std::string> warnings_;     // not yet given to the caller
  std::vector<Close> closes_;             // decided, not yet given to the caller
  std::optional<Time> somebody_late_at_;  // when the next actor will be late, as of the last Decide
  Workforce workforce_;
  std::set<HolderId> touched_;                  // not yet where they belong
  std::set<HolderId> stranded_;                 // may work and were to deliver units that they no longer hold
  std::set<std::pair<Time, HolderId>> barred_;  // until when an actor may not work; some may work already
};

}  // namespace nmn::ingest
