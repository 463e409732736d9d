#include "learner/ingest/lease_table.h"

#include <algorithm>

namespace nmn::ingest {

void LeaseTable::Open(uint32_t episodes, uint32_t unit_episodes) { units_.assign(episodes / unit_episodes, Unit{}); }

size_t LeaseTable::unleased() const {
  return static_cast<size_t>(
      std::count_if(units_.begin(), units_.end(), [](const Unit& u) { return !u.finished && u.leases.empty(); }));
}

size_t LeaseTable::HeldBy(HolderId holder) const {
  return static_cast<size_t>(std::count_if(units_.begin(), units_.end(), [&](const Unit& u) {
    return std::any_of(u.leases.begin(), u.leases.end(), [&](const Lease& l) { return l.holder == holder; });
  }));
}

bool LeaseTable::Holds(HolderId holder) const { return HeldBy(holder) > 0; }

std::vector<size_t> LeaseTable::Grant(HolderId holder, size_t count, Time now) {
  std::vector<size_t> granted;
  for (size_t u = 0; u < units_.size() && granted.size() < count; ++u) {
    if (units_[u].finished || !units_[u].leases.empty()) continue;
    units_[u].leases.push_back({holder, now});
    units_[u].issued.insert(holder);
    granted.push_back(u);
  }
  return granted;
}

std::optional<size_t> LeaseTable::GrantSecond(HolderId holder, Time now) {
  std::optional<size_t> oldest;
  for (size_t u = 0; u < units_.size(); ++u) {
    const std::vector<Lease>& leases = units_[u].leases;
    if (leases.size() != 1 || leases[0].holder == holder || now < leases[0].granted + lease_seconds_ / 2) continue;
    if (!oldest || leases[0].granted < units_[*oldest].leases[0].granted) oldest = u;
  }
  if (oldest) {
    units_[*oldest].leases.push_back({holder, now});
    units_[*oldest].issued.insert(holder);
  }
  return oldest;
}

void LeaseTable::Release(HolderId holder, size_t unit) {
  std::erase_if(units_[unit].leases, [&](const Lease& l) { return l.holder == holder; });
}

void LeaseTable::ReleaseAll(HolderId holder) {
  for (size_t u = 0; u < units_.size(); ++u) Release(holder, u);
}

std::vector<HolderId> LeaseTable::Expire(Time now) {
  std::set<HolderId> late;
  for (Unit& unit : units_) {
    std::erase_if(unit.leases, [&](const Lease& l) {
      const bool expired = now >= l.granted + lease_seconds_;
      if (expired) late.insert(l.holder);
      return expired;
    });
  }
  return {late.begin(), late.end()};
}

void LeaseTable::Finish(size_t unit) {
  units_[unit].finished = true;
  units_[unit].leases.clear();
}

std::optional<Time> LeaseTable::NextInstant(Time now) const {
  std::optional<Time> next;
  for (const Unit& unit : units_) {
    for (const Lease& lease : unit.leases) {
      for (const Time instant : {lease.granted + lease_seconds_ / 2, lease.granted + lease_seconds_}) {
        if (instant > now && (!next || instant < *next)) next = instant;
      }
    }
  }
  return next;
}

}  // namespace nmn::ingest
