#pragma once

#include <array>
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
  BatchShape shape;
  uint32_t unit_episodes = 0;  // divides shape.episodes
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
};

// Everything hard about collecting the episodes of an update from actors that come, go, hang, repeat themselves or send
// rubbish. Events in, decisions out: no I/O, no threads, no clock of its own (`now` is the caller's steady clock and
// never goes back). Not thread-safe. After any event, call Decide and carry out what it says.
//
// A trajectory takes three steps, because the middle one is costly and needs no lock:
//   Examine (identity, run, unit, duplicate, shape) -> CheckPayload (digest, finite, range) -> Deliver (into the slab)
// A verdict that is not ACCEPTED ends it at once.
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

  // The weights of `version` can be had: the update of that number may be leased.
  void Publish(uint32_t version) { published_ = version; }
  // Begins to collect `update` in an empty slab; the one before stays as it is until the next Open. What was not
  // finished of an earlier update is given up.
  void Open(uint32_t update);

  Verdict Examine(StreamId stream, const v1::Trajectory& trajectory, size_t message_bytes, Time now);
  Verdict Deliver(StreamId stream, const v1::Trajectory& trajectory, const Verdict& payload, Time now);

  // Whether what the stream sends would be answered with QUARANTINED.
  bool Quarantined(StreamId stream, Time now);

  Decisions Decide(Time now);
  // When Decide could decide something new though nothing happens.
  std::optional<Time> NextInstant(Time now) const;

  bool complete() const { return update_ != 0 && slab().complete(); }
  uint32_t update() const { return update_; }
  const Slab& slab() const { return slabs_[current_]; }

  const ActorTable& actors() const { return actors_; }
  size_t LeasedTo(const Actor& actor) const { return leases_.HeldBy(actor.holder); }
  const LeaseTable& leases() const { return leases_; }
  const std::map<v1::RejectReason, uint64_t>& rejects() const { return rejects_; }
  // Of trajectory messages: how many by verdict, and their bytes.
  const std::map<v1::RejectReason, uint64_t>& verdicts() const { return verdicts_; }
  uint64_t trajectory_bytes() const { return trajectory_bytes_; }

 private:
  using Part = std::pair<uint32_t, uint32_t>;  // first episode and count of a message

  Verdict Judge(StreamId stream, const v1::Trajectory& trajectory, size_t message_bytes, Time now);
  Verdict JudgeDuplicate(const v1::Trajectory& trajectory) const;
  void Tell(StreamId stream, const v1::Trajectory& trajectory, const Verdict& verdict, uint32_t new_episodes);
  void Reject(StreamId stream, const v1::Trajectory& trajectory, const Verdict& verdict, Time now);
  std::optional<size_t> UnitIndex(const v1::UnitId& unit) const;
  void FinishUnits(Actor& deliverer, const v1::Trajectory& trajectory);
  void GrantLeases(Time now, std::vector<Grant>& grants);
  void GrantUnleased(const std::vector<Actor*>& workers, Time now, std::vector<Grant>& grants);
  void GrantLate(const std::vector<Actor*>& workers, Time now, std::vector<Grant>& grants);
  void GiveUpOnSilent(Actor& actor, Time now);
  size_t Room(const Actor& actor) const;
  void Give(Actor& actor, const std::vector<size_t>& units, Time now, std::vector<Grant>& grants);
  bool MayWork(const Actor& actor, Time now) const;
  v1::Lease MakeLease(const std::vector<size_t>& units) const;

  CoreOptions options_;
  ActorTable actors_;
  LeaseTable leases_;
  std::array<Slab, 2> slabs_;  // the open update's, and that of the one before, which is being learnt from
  size_t current_ = 0;
  uint32_t update_ = 0;     // open, or the last that was; 0: none yet
  uint32_t published_ = 0;  // newest weights
  std::map<uint32_t, std::map<Part, std::string>>
      accepted_;  // SHA-256 of accepted messages, by update; a bounded number of updates
  std::map<v1::RejectReason, uint64_t> rejects_;
  std::map<v1::RejectReason, uint64_t> verdicts_;
  uint64_t trajectory_bytes_ = 0;
  std::vector<Close> closes_;             // decided, not yet told
  std::optional<Time> somebody_late_at_;  // the next instant, as of the last Decide, at which one more is late
};

}  // namespace nmn::ingest
