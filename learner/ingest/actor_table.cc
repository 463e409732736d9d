#include "learner/ingest/actor_table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/net/actor_id.h"

namespace nmn::ingest {
namespace {

constexpr double kGoodbyeSeconds =
    10;  // an actor gone for longer is not waited for: its longest reconnect delay is half of that
constexpr size_t kSupersededKept = 8;

}  // namespace

absl::Status ActorTable::TooMany() {
  ++limits_met_.actors;
  return absl::ResourceExhaustedError("work.max_actors is " + std::to_string(max_actors_) +
                                      " and that many are connected; stop one, or start the learner with more");
}

absl::Status ActorTable::Register(const std::string& id, uint64_t incarnation, uint32_t lanes, Time now,
                                  std::vector<Close>& closes) {
  if (!net::IsActorId(id)) return absl::InvalidArgumentError("actor_id must be 1 to 64 of a-z, 0-9 and -");
  const auto found = actors_.find(id);
  const bool has_stream = found != actors_.end() && found->second.stream.has_value();
  if (!has_stream && connected() >= max_actors_) {
    return TooMany();
  }
  if (found == actors_.end()) {
    if (actors_.size() >= 2 * size_t{max_actors_}) ForgetTheLongestGone();
    Actor& fresh = actors_[id];
    fresh.id = id;
    fresh.incarnation = incarnation;
    NewHolder(fresh);
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
    if (actor.stream) MakeSilent(*actor.stream, streams_[*actor.stream]);
    if (actor.stream) --connected_;
    actor.stream.reset();
    actor.incarnation = incarnation;
    NewHolder(actor);
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
  if (longest == actors_.end()) return;
  holders_.erase(longest->second.holder);
  actors_.erase(longest);
}

void ActorTable::NewHolder(Actor& actor) {
  holders_.erase(actor.holder);
  actor.holder = next_holder_++;
  holders_[actor.holder] = &actor;
}

void ActorTable::MakeSilent(StreamId id, Stream& stream) {
  stream.actor.clear();
  silent_.insert({stream.connected, id});
}

void ActorTable::Connect(StreamId stream, Time now) {
  streams_[stream].connected = now;
  silent_.insert({now, stream});
}

absl::Status ActorTable::Hello(StreamId stream, const std::string& id, uint64_t incarnation, Time now,
                               std::vector<Close>& closes) {
  const auto found = actors_.find(id);
  if (found == actors_.end() || found->second.incarnation != incarnation) {
    return absl::FailedPreconditionError("actor not registered; register again");
  }
  Actor& actor = found->second;
  if (actor.stream == stream || !streams_[stream].actor.empty()) return absl::InvalidArgumentError("a second hello");
  if (!actor.stream && connected() >= max_actors_) return TooMany();
  if (actor.stream) {
    MakeSilent(*actor.stream, streams_[*actor.stream]);
    --connected_;
    closes.push_back({*actor.stream, absl::AbortedError("the actor opened another stream")});
  }
  silent_.erase({streams_[stream].connected, stream});
  streams_[stream].actor = id;
  actor.stream = stream;
  ++connected_;
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
    --connected_;
    actor->last_heard = now;
    actor->pace.OnDisconnect();
  }
  if (const auto found = streams_.find(stream); found != streams_.end()) {
    silent_.erase({found->second.connected, stream});
    streams_.erase(found);
  }
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
  const auto found = holders_.find(holder);
  return found == holders_.end() ? nullptr : found->second;
}

bool ActorTable::Strike(Actor& actor, Time now) {
  if (++actor.strikes < patience_.strikes) return false;
  actor.strikes = 0;
  actor.quarantined_until = now + patience_.quarantine_seconds;
  ++limits_met_.quarantines;
  return true;
}

void ActorTable::ExpireHellos(Time now, std::vector<Close>& closes) {
  for (const auto& [connected, stream] : silent_) {
    if (now < connected + patience_.hello_seconds) break;
    ++limits_met_.hellos;
    closes.push_back(
        {stream, absl::DeadlineExceededError(absl::StrCat("no hello within ", patience_.hello_seconds, " s"))});
  }
}

std::optional<Time> ActorTable::NextInstant(Time now) const {
  for (const auto& [connected, stream] : silent_) {
    if (const Time due = connected + patience_.hello_seconds; due > now) return due;
  }
  return std::nullopt;
}

size_t ActorTable::AwaitingGoodbye(Time now) const {
  return static_cast<size_t>(std::count_if(actors_.begin(), actors_.end(), [&](const auto& a) {
    return a.second.stream || (!a.second.left && now < a.second.last_heard + kGoodbyeSeconds);
  }));
}

}  // namespace nmn::ingest
