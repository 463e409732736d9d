#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "learner/ingest/lease_table.h"
#include "learner/ingest/pace.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::ingest {

using StreamId = uint64_t;

// What the core knows of one actor; the newest process of its name.
struct Actor {
  std::string id;
  uint64_t incarnation = 0;
  HolderId holder = 0;
  uint32_t lanes = 0;              // 0: any number
  std::optional<StreamId> stream;  // set between its hello and its end
  int strikes = 0;                 // malformed messages since the last good one
  Time quarantined_until = 0;
  Time no_lease_before = 0;  // after it brought nothing of a lease
  bool left = false;         // by its own will
  Time last_heard = 0;
  double steps_per_second = 0;  // as it says
  Pace pace;                    // as measured here
  uint32_t policy_version = 0;
  uint32_t policy_lag = 0;  // versions, of the last accepted episodes
  uint64_t units_accepted = 0;
  std::string last_error;
  std::deque<uint64_t> superseded;  // earlier incarnations; a bounded number
};

// A stream that must be ended, and with what.
struct Close {
  StreamId stream = 0;
  absl::Status status;
};

// Who is who (reliability.md, mechanism 2): actors by name, their process, their stream; quarantine. Bounded: at most
// max_actors connected, twice that known. Pure; not thread-safe.
class ActorTable {
 public:
  explicit ActorTable(uint32_t max_actors) : max_actors_(max_actors) {}

  // INVALID_ARGUMENT: the name. FAILED_PRECONDITION: a newer process took it. RESOURCE_EXHAUSTED: too many connected.
  // A new incarnation takes the name at once; the old one's stream goes to `closes`.
  absl::Status Register(const std::string& id, uint64_t incarnation, uint32_t lanes, Time now,
                        std::vector<Close>& closes);

  void Connect(StreamId stream, Time now);
  // The stream says whose it is: an actor that registered. FAILED_PRECONDITION otherwise: register again.
  absl::Status Hello(StreamId stream, const std::string& id, uint64_t incarnation, Time now,
                     std::vector<Close>& closes);
  // Returns the actor that lost its stream, if that was its present one.
  Actor* Disconnect(StreamId stream, Time now);

  // Sequence numbers of a stream: from 1, +1 each. INVALID_ARGUMENT otherwise.
  absl::Status Count(StreamId stream, uint64_t sequence);

  // The actor of a stream; null before its hello and after its end.
  Actor* Of(StreamId stream);
  Actor* OfHolder(HolderId holder);

  // One more malformed message; true if the actor is quarantined by it.
  bool Strike(Actor& actor, Time now);

  // Streams that have not said hello in time.
  void ExpireHellos(Time now, std::vector<Close>& closes);
  std::optional<Time> NextInstant(Time now) const;

  size_t connected() const;
  // Those who must hear of the run's end: connected, or gone a moment ago without leaving.
  size_t AwaitingGoodbye(Time now) const;
  // In the order of names.
  std::map<std::string, Actor>& actors() { return actors_; }
  const std::map<std::string, Actor>& actors() const { return actors_; }

 private:
  struct Stream {
    std::string actor;  // empty before hello
    uint64_t sequence = 0;
    Time connected = 0;
  };

  void ForgetTheLongestGone();

  uint32_t max_actors_;
  HolderId next_holder_ = 1;
  std::map<std::string, Actor> actors_;
  std::map<StreamId, Stream> streams_;
};

}  // namespace nmn::ingest
