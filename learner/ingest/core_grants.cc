// Which units the core gives to whom, and when.

#include <algorithm>
#include <cmath>
#include <set>

#include "learner/ingest/core.h"

namespace nmn::ingest {
namespace {

// A second lease must promise to be done this many times sooner than the first: it costs the same work again.
constexpr double kWorthwhile = 1.25;
// Who is too slow to be given a unit is given one all the same after this many times what one takes it: it may be
// quicker by now.
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

// Its units went to others or their update is over. Who had brought nothing by then gets nothing for as long again:
// what it still brings tells its rate, and if it hangs it holds up nobody.
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

// To each by its rate: a share of what is left, of which those who work on something count too, so that late in an
// update grants are small. First of all one unit to each who is not measured, to be measured by, and to each who was
// too slow to be given any for long. Where nobody is measured, all get equal shares.
void Core::GrantUnleased(uint32_t update, const std::vector<Actor*>& workers, Time now, std::vector<Grant>& grants) {
  LeaseTable& leases = Of(update).leases;
  if (leases.unleased() == 0 || workers.empty()) return;
  double total = 0;  // episodes a second
  for (const Actor* actor : workers) {
    const bool late = actor->pace.working() && now >= actor->pace.LateAt();
    if (!late) total += actor->pace.episodes_per_second();
  }
  const size_t equal = (leases.unleased() + workers.size() - 1) / workers.size();
  // Rounded so that the shares of all, one after the other, add up to what there is.
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

// Where nothing is unleased, all units of one who is late, or who by his rate will be done later than another who has
// nothing to do; and in any case what is out for half of a lease.
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
    if (units.empty()) break;  // nothing for those who are slower
    Give(*actor, update, units, now, grants);
  }
}

Decisions Core::Decide(Time now) {
  Decisions decisions;
  actors_.ExpireHellos(now, closes_);
  decisions.closes.swap(closes_);
  for (const Close& close : decisions.closes) Disconnect(close.stream, now);
  // Who let a lease run out is slow or stuck: nothing new for it until it delivers, comes back, or one more lease has
  // passed.
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
