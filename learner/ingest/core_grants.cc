// Which units the core leases to which actor, and when.

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "learner/ingest/core.h"

namespace nmn::ingest {

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
  Place(actor, now);
  if (options_.events == nullptr) return;
  for (const v1::UnitId& unit : grants.back().lease.units()) options_.events->OnGranted(actor, unit);
}

void Core::Place(Actor& actor, Time now) {
  if (MayWork(actor, now)) {
    workforce_.Place(actor, !Holds(actor), now);
    if (actor.pace.working() && !Holds(actor)) stranded_.insert(actor.holder);
  } else {
    workforce_.Remove(actor.holder);
    if (!actor.stream) return;
    for (const Time until : {actor.quarantined_until, actor.no_lease_before}) {
      if (until > now) barred_.insert({until, actor.holder});
    }
  }
}

// Only what an actor that may work holds is looked at.
void Core::PlaceHeld(Collection& collection, HolderId holder, const Actor* actor, Time now) {
  const bool may_work = actor != nullptr && MayWork(*actor, now);
  const size_t held_alone = may_work ? collection.leases.CountHeldAlone(holder) : 0;
  if (held_alone == 0) {
    collection.late_search.Remove(holder);
  } else {
    collection.late_search.Place(holder, actor->id, held_alone, actor->pace, now);
  }
}

void Core::PlaceTouched(Time now) {
  for (Collection& collection : ring_) touched_.merge(collection.leases.TakeChanged());
  while (!barred_.empty() && barred_.begin()->first <= now) {
    touched_.insert(barred_.begin()->second);
    barred_.erase(barred_.begin());
  }
  for (const HolderId holder : std::exchange(touched_, {})) {
    Actor* actor = actors_.OfHolder(holder);
    if (actor != nullptr) {
      Place(*actor, now);
    } else {
      workforce_.Remove(holder);
    }
    for (Collection& collection : ring_) PlaceHeld(collection, holder, actor, now);
  }
  workforce_.Advance(now);
}

// These actors hold no units any more: others finished them, or their update is over. If one had delivered nothing of
// them, it gets no lease for as long as it was silent. If it delivers late, the delivery tells its rate. If it hangs,
// nobody waits for it.
void Core::GiveUpOnSilent(Time now) {
  for (const HolderId holder : std::exchange(stranded_, {})) {
    Actor* actor = actors_.OfHolder(holder);
    if (actor == nullptr || !MayWork(*actor, now) || !actor->pace.working() || Holds(*actor)) continue;
    const Time silence = actor->pace.Silence(now);
    if (actor->pace.OnGivenUp(now)) actor->no_lease_before = now + std::min(silence, options_.lease_seconds);
    Place(*actor, now);
  }
}

void Core::GrantLeases(Time now, std::vector<Grant>& grants) {
  GiveUpOnSilent(now);
  for (uint32_t update = update_; update <= newest_; ++update) GrantUnleased(update, now, grants);
  for (uint32_t update = update_; update <= newest_; ++update) GrantLate(update, now, grants);
  somebody_late_at_.reset();
  if (workforce_.idle().empty()) return;
  const Worker& fastest = **workforce_.idle().begin();
  somebody_late_at_ = workforce_.NextLate();
  for (uint32_t update = update_; update <= newest_; ++update) {
    const std::optional<Time> next = Of(update).late_search.Next(fastest.rate, Room(*fastest.actor), now);
    if (next && (!somebody_late_at_ || *next < *somebody_late_at_)) somebody_late_at_ = next;
  }
}

// Leases what nobody holds. Each idle actor gets a share of the units that are left, in proportion to its rate. The
// rates of busy actors count in the total, so grants become small late in an update.
//
// Two kinds of actor come first and get one unit. Actors without a measured rate get one to measure it. Actors that
// were too slow for a share for a long time get one because they may be faster now. If no actor has a rate, all get
// equal shares.
void Core::GrantUnleased(uint32_t update, Time now, std::vector<Grant>& grants) {
  LeaseTable& leases = Of(update).leases;
  if (leases.unleased() == 0 || workforce_.NobodyHasAShare(leases.unleased(), now)) return;
  double total = workforce_.TotalRate();  // episodes a second
  const size_t equal = (leases.unleased() + workforce_.size() - 1) / workforce_.size();
  // A share of the units and the rates that are left. Taken one after the other, the shares add up to all units.
  const auto share_of = [&](double rate) {
    return static_cast<size_t>(std::lround(static_cast<double>(leases.unleased()) * rate / std::max(total, rate)));
  };
  const auto grant = [&](Actor& actor, size_t share) {
    const std::vector<size_t> units = leases.Grant(actor.holder, std::min(share, Room(actor)), now);
    if (!units.empty()) Give(actor, update, units, now, grants);
  };
  const std::vector<Actor*> idle = workforce_.IdleByName();
  for (Actor* actor : idle) {
    const Worker& worker = *workforce_.Find(actor->holder);
    const double rate = worker.rate;
    const bool try_again = rate > 0 && share_of(rate) == 0 && now >= worker.retry_at;
    if (rate == 0 || try_again) grant(*actor, total == 0 ? equal : 1);
    if (try_again) total -= rate;
  }
  for (Actor* actor : idle) {
    const double rate = actor->pace.episodes_per_second();
    if (rate == 0 || Holds(*actor)) continue;
    const size_t share = share_of(rate);
    total -= rate;
    grant(*actor, share);
  }
}

// Leases units a second time, once nothing is unleased. The fastest idle actor takes all units that a late actor holds
// alone, or one that would end later than the idle one (LateSearch). If there is no such actor, the idle actor takes
// the oldest unit whose lease is more than half gone.
void Core::GrantLate(uint32_t update, Time now, std::vector<Grant>& grants) {
  Collection& collection = Of(update);
  LeaseTable& leases = collection.leases;
  if (leases.unleased() > 0) return;
  while (!workforce_.idle().empty()) {
    const Worker& worker = **workforce_.idle().begin();
    Actor& actor = *worker.actor;
    std::vector<size_t> units;
    if (worker.rate > 0) {
      if (const auto busy = collection.late_search.Find(worker.rate, Room(actor), now)) units = leases.HeldAlone(*busy);
      for (const size_t unit : units) leases.GrantToo(actor.holder, unit, now);
    }
    if (units.empty()) {
      if (const std::optional<size_t> late = leases.GrantSecond(actor.holder, now)) units = {*late};
    }
    if (units.empty()) return;  // the idle actors that follow are slower, so there is nothing for them either
    Give(actor, update, units, now, grants);
    for (const HolderId holder : leases.TakeChanged()) PlaceHeld(collection, holder, actors_.OfHolder(holder), now);
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
      Touch(*actor);
    }
  }
  PlaceTouched(now);
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
  if (!barred_.empty()) consider(barred_.begin()->first);
  for (const Collection& collection : ring_) consider(collection.leases.NextInstant(now));
  return next;
}

}  // namespace nmn::ingest
