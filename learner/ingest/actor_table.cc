#include "learner/ingest/actor_table.h"

#include <algorithm>

#include "common/net/actor_id.h"

namespace nmn::ingest {
namespace {

constexpr double kHelloSeconds = 10;  // an open stream that says nothing is closed
constexpr double kQuarantineSeconds = 60;
constexpr int kStrikes = 3;
constexpr double kGoodbyeSeconds =
    10;  // an actor gone for longer is not waited for: its longest reconnect delay is half of that
constexpr size_t kSupersededKept = 8;

}  // namespace

absl::Status ActorTable::Register(const std::string& id, uint64_t incarnation, uint32_t lanes, Time now,
                                  std::vector<Close>& closes) {
  if (!net::IsActorId(id)) return absl::InvalidArgumentError("actor_id must be 1 to 64 of a-z, 0-9 and -");
  const auto found = actors_.find(id);
  const bool has_stream = found != actors_.end() && found->second.stream.has_value();
  if (!has_stream && connected() >= max_actors_) {
    return absl::ResourceExhaustedError("work.max_actors is " + std::to_string(max_actors_) +
                                        " and that many are connected");
  }
  if (found == actors_.end()) {
    if (actors_.size() >= 2 * size_t{max_actors_}) ForgetTheLongestGone();
    Actor& fresh = actors_[id];
    fresh.id = id;
    fresh.incarnation = incarnation;
    fresh.holder = next_holder_++;
  }
  Actor& actor = actors_[id];
  if (actor.incarnation != incarnation) {
    const auto& old = actor.superseded;
    if (std::find(old.begin(), old.end(), incarnation) != old.end()) {
      return absl::FailedPreconditionError("a newer process runs as actor " + id +
                                           "; give each actor a name of its own (--actor_id)");
    }
    actor.superseded.push_back(actor.incarnation);
    if (old.size() > kSupersededKept) actor.superseded.pop_front();
    if (actor.stream) closes.push_back({*actor.stream, absl::AbortedError("a newer process runs as actor " + id)});
    if (actor.stream) streams_[*actor.stream].actor.clear();
    actor.stream.reset();
    actor.incarnation = incarnation;
    actor.holder = next_holder_++;
    actor.no_lease_before = 0;
    actor.pace = {};
  }
  actor.lanes = lanes;
  actor.last_heard = now;
  return absl::OkStatus();
}

void ActorTable::ForgetTheLongestGone() {
  auto longest = actors_.end();
  for (auto a = actors_.begin(); a != actors_.end(); ++a) {
    if (!a->second.stream && (longest == actors_.end() || a->second.last_heard < longest->second.last_heard))
      longest = a;
  }
  if (longest != actors_.end()) actors_.erase(longest);
}

void ActorTable::Connect(StreamId stream, Time now) { streams_[stream].connected = now; }

absl::Status ActorTable::Hello(StreamId stream, const std::string& id, uint64_t incarnation, Time now,
                               std::vector<Close>& closes) {
  const auto found = actors_.find(id);
  if (found == actors_.end() || found->second.incarnation != incarnation) {
    return absl::FailedPreconditionError("actor not registered; register again");
  }
  Actor& actor = found->second;
  if (actor.stream == stream || !streams_[stream].actor.empty()) return absl::InvalidArgumentError("a second hello");
  if (!actor.stream && connected() >= max_actors_) return absl::ResourceExhaustedError("work.max_actors are connected");
  if (actor.stream) {
    streams_[*actor.stream].actor.clear();
    closes.push_back({*actor.stream, absl::AbortedError("the actor opened another stream")});
  }
  streams_[stream].actor = id;
  actor.stream = stream;
  actor.left = false;
  actor.no_lease_before = 0;
  actor.pace.OnDisconnect();
  actor.last_heard = now;
  return absl::OkStatus();
}

Actor* ActorTable::Disconnect(StreamId stream, Time now) {
  Actor* actor = Of(stream);
  if (actor != nullptr) {
    actor->stream.reset();
    actor->last_heard = now;
    actor->pace.OnDisconnect();
  }
  streams_.erase(stream);
  return actor;
}

absl::Status ActorTable::Count(StreamId stream, uint64_t sequence) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return absl::FailedPreconditionError("no such stream");
  if (sequence != found->second.sequence + 1) {
    return absl::InvalidArgumentError("message " + std::to_string(sequence) + " after message " +
                                      std::to_string(found->second.sequence));
  }
  found->second.sequence = sequence;
  return absl::OkStatus();
}

Actor* ActorTable::Of(StreamId stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end() || found->second.actor.empty()) return nullptr;
  return &actors_.at(found->second.actor);
}

Actor* ActorTable::OfHolder(HolderId holder) {
  for (auto& [id, actor] : actors_) {
    if (actor.holder == holder) return &actor;
  }
  return nullptr;
}

bool ActorTable::Strike(Actor& actor, Time now) {
  if (++actor.strikes < kStrikes) return false;
  actor.strikes = 0;
  actor.quarantined_until = now + kQuarantineSeconds;
  return true;
}

void ActorTable::ExpireHellos(Time now, std::vector<Close>& closes) {
  for (const auto& [id, stream] : streams_) {
    if (stream.actor.empty() && now >= stream.connected + kHelloSeconds) {
      closes.push_back({id, absl::DeadlineExceededError("no hello within 10 s")});
    }
  }
}

std::optional<Time> ActorTable::NextInstant(Time now) const {
  std::optional<Time> next;
  const auto consider = [&](Time instant) {
    if (instant > now && (!next || instant < *next)) next = instant;
  };
  for (const auto& [id, stream] : streams_) {
    if (stream.actor.empty()) consider(stream.connected + kHelloSeconds);
  }
  for (const auto& [id, actor] : actors_) {
    if (!actor.stream) continue;
    consider(actor.quarantined_until);
    consider(actor.no_lease_before);
  }
  return next;
}

size_t ActorTable::connected() const {
  return static_cast<size_t>(
      std::count_if(actors_.begin(), actors_.end(), [](const auto& a) { return a.second.stream.has_value(); }));
}

size_t ActorTable::AwaitingGoodbye(Time now) const {
  return static_cast<size_t>(std::count_if(actors_.begin(), actors_.end(), [&](const auto& a) {
    return a.second.stream || (!a.second.left && now < a.second.last_heard + kGoodbyeSeconds);
  }));
}

}  // namespace nmn::ingest
