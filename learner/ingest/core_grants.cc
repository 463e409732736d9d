// Which units the core leases to which actor, and when.

#include <algorithm>
#include <cmath>
#include <set>

#include "learner/ingest/core.h"

namespace nmn::ingest {
namespace {

// A second lease of a unit costs the same work again. It is worthwhile if the second actor will be done this many times
// sooner than the first.
constexpr double kWorthwhile = 1.25;
// An actor may be so slow that its share is no unit at all. It still gets one unit after this many times the time that
// one unit takes it, because it may be faster by now.
constexpr double kTryAgain = 10;

}  // namespace

bool Core::MayWork(const Actor& actor, Time now) const {
  return actor.stream && !actor.left && now >= actor.quarantined_until && now >= actor.no_lease_before;
}

v1::Lease Core::MakeLease(uint32_t update, const std::vector<size_t>& units) const {
  v1::Lease lease;
  lease.set_policy_version(published_);
  lease.set_seconds(options_.lease_seconds);
  for (const size_t index : units) {
    v1::UnitId* unit = lease.add_units();
    unit->set_update(update);
    unit->set_first_episode(static_cast<uint32_t>(index) * options_.unit_episodes);
    unit->set_count(options_.unit_episodes);
  }
  return lease;
}

size_t Core::Room(const Actor& actor) const {
  return actor.lanes == 0 ? options_.shape.episodes / options_.unit_episodes
                          : std::max<size_t>(1, actor.lanes / options_.unit_episodes);
}

void Core::Give(Actor& actor, uint32_t update, const std::vector<size_t>& units, Time now, std::vector<Grant>& grants) {
  grants.push_back({*actor.stream, MakeLease(update, units)});
  actor.pace.OnGranted(grants.back().lease, now);
  if (options_.events == nullptr) return;
  for (const v1::UnitId& unit : grants.back().lease.units()) options_.events->OnGranted(actor, unit);
}

// The actor holds no units any more: others finished them, or their update is over. If it had delivered nothing of
// them, it gets no lease for as long as it was silent. If it delivers late, the delivery tells its rate. If it hangs,
// nobody waits for it.
void Core::GiveUpOnSilent(Actor& actor, Time now) {
  const Time silence = actor.pace.Silence(now);
  if (actor.pace.OnGivenUp(now)) actor.no_lease_before = now + std::min(silence, options_.lease_seconds);
}

void Core::GrantLeases(Time now, std::vector<Grant>& grants) {
  std::vector<Actor*> workers;
  for (auto& [id, actor] : actors_.actors()) {
    if (!MayWork(actor, now)) continue;
    if (actor.pace.working() && !Holds(actor)) GiveUpOnSilent(actor, now);
    if (MayWork(actor, now)) workers.push_back(&actor);
  }
  for (uint32_t update = update_; update <= newest_; ++update) GrantUnleased(update, workers, now, grants);
  somebody_late_at_.reset();
  for (uint32_t update = update_; update <= newest_; ++update) GrantLate(update, workers, now, grants);
}

// Leases what nobody holds. Each idle actor gets a share of the units that are left, in proportion to its rate. The
// rates of busy actors count in the total, so grants become small late in an update.
//
// Two kinds of actor come first and get one unit. Actors without a measured rate get one to measure it. Actors that
// were too slow for a share for a long time get one because they may be faster now. If no actor has a rate, all get
// equal shares.
void Core::GrantUnleased(uint32_t update, const std::vector<Actor*>& workers, Time now, std::vector<Grant>& grants) {
  LeaseTable& leases = Of(update).leases;
  if (leases.unleased() == 0 || workers.empty()) return;
  double total = 0;  // episodes a second
  for (const Actor* actor : workers) {
    const bool late = actor->pace.working() && now >= actor->pace.LateAt();
    if (!late) total += actor->pace.episodes_per_second();
  }
  const size_t equal = (leases.unleased() + workers.size() - 1) / workers.size();
  // A share of the units and the rates that are left. Taken one after the other, the shares add up to all units.
  const auto share_of = [&](double rate) {
    return static_cast<size_t>(std::lround(static_cast<double>(leases.unleased()) * rate / std::max(total, rate)));
  };
  const auto grant = [&](Actor& actor, size_t share) {
    const std::vector<size_t> units = leases.Grant(actor.holder, std::min(share, Room(actor)), now);
    if (!units.empty()) Give(actor, update, units, now, grants);
  };
  for (Actor* actor : workers) {
    if (Holds(*actor)) continue;
    const double rate = actor->pace.episodes_per_second();
    const bool try_again =
        rate > 0 && share_of(rate) == 0 && now >= actor->pace.granted() + kTryAgain * options_.unit_episodes / rate;
    if (rate == 0 || try_again) grant(*actor, total == 0 ? equal : 1);
    if (try_again) total -= rate;
  }
  for (Actor* actor : workers) {
    const double rate = actor->pace.episodes_per_second();
    if (rate == 0 || Holds(*actor)) continue;
    const size_t share = share_of(rate);
    total -= rate;
    grant(*actor, share);
  }
}

// Leases units a second time, once nothing is unleased. The fastest idle actor takes all units of the first busy actor
// that is late, or that will finish later by its rate than the idle actor would. If there is no such actor, the idle
// actor takes the oldest unit whose lease is more than half gone.
void Core::GrantLate(uint32_t update, const std::vector<Actor*>& workers, Time now, std::vector<Grant>& grants) {
  LeaseTable& leases = Of(update).leases;
  std::vector<Actor*> idle;
  std::vector<Actor*> busy;
  for (Actor* actor : workers) {
    if (leases.Holds(actor->holder)) busy.push_back(actor);
    if (!Holds(*actor)) idle.push_back(actor);
  }
  const auto rate = [](const Actor* actor) { return actor->pace.episodes_per_second(); };
  std::stable_sort(idle.begin(), idle.end(), [&](const Actor* a, const Actor* b) { return rate(a) > rate(b); });
  std::stable_sort(busy.begin(), busy.end(),
                   [](const Actor* a, const Actor* b) { return a->pace.granted() < b->pace.granted(); });
  const auto consider = [&](Time instant) {
    if (instant > now && (!somebody_late_at_ || instant < *somebody_late_at_)) somebody_late_at_ = instant;
  };
  for (Actor* actor : idle) {
    std::vector<size_t> units;
    for (const Actor* other : busy) {
      consider(other->pace.LateAt());
      if (leases.unleased() > 0 || rate(actor) == 0) continue;
      units = leases.HeldAlone(other->holder);
      const double needed = kWorthwhile * static_cast<double>(units.size()) * options_.unit_episodes / rate(actor);
      const Time late = std::max(other->pace.LateAt(), other->pace.granted() + needed);
      const bool will_be_late = other->pace.ExpectedEnd() && *other->pace.ExpectedEnd() >= now + needed;
      if (!units.empty() && units.size() <= Room(*actor) && (will_be_late || now >= late)) break;
      if (!units.empty()) consider(late);
      units.clear();
    }
    for (const size_t unit : units) leases.GrantToo(actor->holder, unit, now);
    if (units.empty() && leases.unleased() == 0) {
      if (const std::optional<size_t> late = leases.GrantSecond(actor->holder, now)) units = {*late};
    }
    if (units.empty()) break;  // the idle actors that follow are slower, so there is nothing for them either
    Give(*actor, update, units, now, grants);
  }
}

Decisions Core::Decide(Time now) {
  Decisions decisions;
  actors_.ExpireHellos(now, closes_);
  decisions.closes.swap(closes_);
  decisions.warnings.swap(warnings_);
  for (const Close& close : decisions.closes) Disconnect(close.stream, now);
  // An actor whose lease ran out is slow or stuck. It gets no new lease until it delivers, connects again, or waits for
  // the time of one more lease.
  std::set<HolderId> late;
  for (Collection& collection : ring_) {
    for (const HolderId holder : collection.leases.Expire(now)) late.insert(holder);
  }
  for (const HolderId holder : late) {
    if (Actor* actor = actors_.OfHolder(holder); actor != nullptr) {
      actor->pace.OnGivenUp(now);
      actor->no_lease_before = now + options_.lease_seconds;
      actor->last_error = "a lease ran out";
    }
  }
  const bool weights_fit = options_.max_lag == 0 ? published_ == update_ : published_ > 0;
  if (update_ != 0 && weights_fit && !(complete() && newest_ == update_)) GrantLeases(now, decisions.grants);
  return decisions;
}

std::optional<Time> Core::NextInstant(Time now) const {
  std::optional<Time> next = somebody_late_at_ && *somebody_late_at_ > now ? somebody_late_at_ : std::nullopt;
  const auto consider = [&](const std::optional<Time>& instant) {
    if (instant && (!next || *instant < *next)) next = instant;
  };
  consider(actors_.NextInstant(now));
  for (const Collection& collection : ring_) consider(collection.leases.NextInstant(now));
  return next;
}

}  // namespace nmn::ingest
