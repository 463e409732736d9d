#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "learner/ingest/lease_table.h"
#include "learner/ingest/pace.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::ingest {

using StreamId = uint64_t;

// What the core knows of one actor: of the newest process with its name.
struct Actor {
  std::string id;
  uint64_t incarnation = 0;
  HolderId holder = 0;
  uint32_t lanes = 0;              // 0: any number
  std::optional<StreamId> stream;  // set between its hello and its end
  int strikes = 0;                 // malformed messages since the last good one
  Time quarantined_until = 0;
  Time no_lease_before = 0;  // set after it brought nothing of a lease
  bool left = false;         // it said that it leaves
  Time last_heard = 0;
  double steps_per_second = 0;  // as the actor says
  Pace pace;                    // as measured here
  uint32_t policy_version = 0;
  uint32_t policy_lag = 0;  // versions that its last accepted episodes were behind
  uint64_t units_accepted = 0;
  std::string last_error;
  std::deque<uint64_t> superseded;  // earlier incarnations; a bounded number
};

// A stream that must be ended, and the status to end it with.
struct Close {
  StreamId stream = 0;
  absl::Status status;
};

// How patient the table is.
struct Patience {
  double hello_seconds = 10;  // an open stream that has not said whose it is by then is closed
  int strikes = 3;            // malformed messages in a row that put an actor into quarantine
  double quarantine_seconds = 60;
};

// How often each limit was met.
struct LimitsMet {
  uint64_t actors = 0;       // somebody was refused, because max_actors are connected
  uint64_t hellos = 0;       // a stream was closed that had not said hello
  uint64_t quarantines = 0;  // an actor was put into quarantine
};

// Knows actors by name, with their process and their stream, and who is in quarantine. At most max_actors are connected
// and twice as many known. Pure; not thread-safe.
class ActorTable {
 public:
  explicit ActorTable(uint32_t max_actors, Patience patience = {}) : max_actors_(max_actors), patience_(patience) {}

  // A new incarnation takes the name at once, and the old one's stream goes to `closes`. INVALID_ARGUMENT: the name is
  // not legal. FAILED_PRECONDITION: a newer process took it. RESOURCE_EXHAUSTED: too many actors are connected.
  absl::Status Register(const std::string& id, uint64_t incarnation, uint32_t lanes, Time now,
                        std::vector<Close>& closes);

  void Connect(StreamId stream, Time now);
  // The stream says whose it is. That actor must have registered, else FAILED_PRECONDITION: it must register again.
  absl::Status Hello(StreamId stream, const std::string& id, uint64_t incarnation, Time now,
                     std::vector<Close>& closes);
  // Returns the actor that lost its stream; null if the stream was not its present one.
  Actor* Disconnect(StreamId stream, Time now);

  // Checks that the sequence numbers of a stream are 1, 2, 3 and so on. INVALID_ARGUMENT otherwise.
  absl::Status Count(StreamId stream, uint64_t sequence);

  // The actor of a stream; null before its hello and after its end.
  Actor* Of(StreamId stream);
  Actor* OfHolder(HolderId holder);

  // Counts one more malformed message. True if it puts the actor into quarantine.
  bool Strike(Actor& actor, Time now);

  // Closes streams that have not said hello in time, the oldest first.
  void ExpireHellos(Time now, std::vector<Close>& closes);
  // When the next stream will not have.
  std::optional<Time> NextInstant(Time now) const;

  const LimitsMet& limits_met() const { return limits_met_; }
  size_t connected() const { return connected_; }
  // How many must hear of the run's end: those that are connected, or lost their stream a moment ago without leaving.
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

  absl::Status TooMany();
  void ForgetTheLongestGone();
  // The stream belongs to nobody. Nobody may have said so yet, or its actor has another.
  void MakeSilent(StreamId id, Stream& stream);
  void NewHolder(Actor& actor);

  uint32_t max_actors_;
  Patience patience_;
  LimitsMet limits_met_;
  HolderId next_holder_ = 1;
  std::map<std::string, Actor> actors_;
  std::map<StreamId, Stream> streams_;
  std::set<std::pair<Time, StreamId>> silent_;  // streams without an actor, by the time of their connection
  std::map<HolderId, Actor*> holders_;          // the newest of each actor
  size_t connected_ = 0;                        // actors with a stream
};

}  // namespace nmn::ingest
