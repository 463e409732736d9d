#include "learner/ingest/lease_table.h"

#include <algorithm>
#include <limits>

namespace nmn::ingest {
namespace {

constexpr double kRounding = 1e-3;  // seconds, above every rounding of a time

}  // namespace

void LeaseTable::Open(uint32_t episodes, uint32_t unit_episodes) {
  Close();
  units_.assign(episodes / unit_episodes, Unit{});
  for (size_t u = 0; u < units_.size(); ++u) unleased_.insert(unleased_.end(), u);
}

void LeaseTable::Close() {
  for (const auto& [holder, units] : held_) changed_.insert(holder);
  units_.clear();
  held_.clear();
  endings_.clear();
  unleased_.clear();
}

size_t LeaseTable::HeldBy(HolderId holder) const {
  const auto found = held_.find(holder);
  return found == held_.end() ? 0 : found->second.units.size();
}

std::vector<size_t> LeaseTable::HeldAlone(HolderId holder) const {
  const auto found = held_.find(holder);
  std::vector<size_t> alone;
  if (found == held_.end()) return alone;
  for (const size_t unit : found->second.units) {
    if (units_[unit].leases.size() == 1) alone.push_back(unit);
  }
  return alone;
}

size_t LeaseTable::CountHeldAlone(HolderId holder) const {
  const auto found = held_.find(holder);
  return found == held_.end() ? 0 : found->second.alone;
}

void LeaseTable::Add(HolderId holder, size_t unit, Time now) {
  std::vector<Lease>& leases = units_[unit].leases;
  if (leases.size() == 1) --held_[leases.front().holder].alone;
  leases.push_back({holder, now});
  for (const Lease& lease : leases) changed_.insert(lease.holder);
  units_[unit].issued.insert(holder);
  unleased_.erase(unit);
  held_[holder].units.insert(unit);
  if (leases.size() == 1) ++held_[holder].alone;
  endings_.insert({now, unit, holder});
  ++granted_;
}

std::vector<size_t> LeaseTable::Grant(HolderId holder, size_t count, Time now) {
  std::vector<size_t> granted;
  while (granted.size() < count && !unleased_.empty()) {
    granted.push_back(*unleased_.begin());
    Add(holder, granted.back(), now);
  }
  return granted;
}

std::optional<size_t> LeaseTable::GrantSecond(HolderId holder, Time now) {
  for (const auto& [granted, unit, other] : endings_) {
    if (now < granted + lease_seconds_ / 2) break;
    if (units_[unit].leases.size() != 1 || other == holder) continue;
    const size_t oldest = unit;
    Add(holder, oldest, now);
    return oldest;
  }
  return std::nullopt;
}

void LeaseTable::Release(HolderId holder, size_t unit) {
  std::vector<Lease>& leases = units_[unit].leases;
  const auto lease = std::find_if(leases.begin(), leases.end(), [&](const Lease& l) { return l.holder == holder; });
  if (lease == leases.end()) return;
  for (const Lease& one : leases) changed_.insert(one.holder);
  endings_.erase({lease->granted, unit, holder});
  leases.erase(lease);
  if (leases.empty() && !units_[unit].finished) unleased_.insert(unit);
  if (leases.size() == 1) ++held_[leases.front().holder].alone;
  const auto held = held_.find(holder);
  if (leases.empty()) --held->second.alone;
  held->second.units.erase(unit);
  if (held->second.units.empty()) held_.erase(held);
}

void LeaseTable::ReleaseAll(HolderId holder) {
  for (auto held = held_.find(holder); held != held_.end(); held = held_.find(holder))
    Release(holder, *held->second.units.begin());
}

std::vector<HolderId> LeaseTable::Expire(Time now) {
  std::set<HolderId> late;
  while (!endings_.empty() && now >= std::get<Time>(*endings_.begin()) + lease_seconds_) {
    const auto [granted, unit, holder] = *endings_.begin();
    late.insert(holder);
    ++expired_;
    Release(holder, unit);
  }
  return {late.begin(), late.end()};
}

void LeaseTable::Finish(size_t unit) {
  units_[unit].finished = true;
  while (!units_[unit].leases.empty()) Release(units_[unit].leases.front().holder, unit);
  unleased_.erase(unit);
}

void LeaseTable::Again(size_t unit) {
  units_[unit].finished = false;
  unleased_.insert(unit);
}

bool LeaseTable::IsHeldBy(HolderId holder, size_t unit) const {
  const auto held = held_.find(holder);
  return held != held_.end() && held->second.units.contains(unit);
}

std::optional<Time> LeaseTable::NextInstant(Time now) const {
  std::optional<Time> next;
  for (const double after : {lease_seconds_ / 2, lease_seconds_}) {
    // The first that was granted late enough, by the sums that Expire and GrantSecond compare: from a little before,
    // because a difference is rounded otherwise.
    auto ending = endings_.lower_bound({now - after - kRounding, 0, 0});
    while (ending != endings_.end() && std::get<Time>(*ending) + after <= now)
      ending = endings_.upper_bound(
          {std::get<Time>(*ending), std::numeric_limits<size_t>::max(), std::numeric_limits<HolderId>::max()});
    if (ending != endings_.end() && (!next || std::get<Time>(*ending) + after < *next))
      next = std::get<Time>(*ending) + after;
  }
  return next;
}

}  // namespace nmn::ingest
