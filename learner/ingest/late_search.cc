#include "learner/ingest/late_search.h"

namespace nmn::ingest {
namespace {

// A second lease of a unit costs the same work again. It is worthwhile if the second actor will be done this many times
// sooner than the first.
constexpr double kWorthwhile = 1.25;

}  // namespace

double LateSearch::Needed(size_t units, double rate) const {
  return kWorthwhile * static_cast<double>(units) * unit_episodes_ / rate;
}

void LateSearch::TakeOut(HolderId holder, const Standing& place) {
  const auto found = classes_.find(place.held_alone);
  Class& same = found->second;
  if (place.late) {
    same.late.erase({place.granted, place.name, holder});
  } else {
    same.by_end.erase({-place.end, place.name, holder});
    same.by_late_at.erase({place.late_at, place.name, holder});
  }
  if (same.late.empty() && same.by_end.empty()) classes_.erase(found);
}

void LateSearch::Remove(HolderId holder) {
  const auto found = places_.find(holder);
  if (found == places_.end()) return;
  TakeOut(holder, found->second);
  places_.erase(found);
}

void LateSearch::Place(HolderId holder, const std::string& name, size_t held_alone, const Pace& pace, Time now) {
  Remove(holder);
  Standing& place = places_[holder];
  place = {.held_alone = held_alone,
           .name = name,
           .granted = pace.granted(),
           .late_at = pace.LateAt(),
           .end = pace.ExpectedEnd().value_or(pace.granted()),
           .late = now >= pace.LateAt()};
  Class& same = classes_[held_alone];
  if (place.late) {
    same.late.insert({place.granted, name, holder});
  } else {
    same.by_end.insert({-place.end, name, holder});
    same.by_late_at.insert({place.late_at, name, holder});
  }
}

void LateSearch::Clear() {
  places_.clear();
  classes_.clear();
}

void LateSearch::Advance(Class& same, Time now) {
  while (!same.by_late_at.empty() && now >= std::get<Time>(*same.by_late_at.begin())) {
    const auto [late_at, name, holder] = *same.by_late_at.begin();
    Standing& place = places_.at(holder);
    same.by_late_at.erase(same.by_late_at.begin());
    same.by_end.erase({-place.end, name, holder});
    same.late.insert({place.granted, name, holder});
    place.late = true;
  }
}

std::optional<HolderId> LateSearch::Find(double rate, size_t room, Time now) {
  const Key* late = nullptr;
  const Key* last = nullptr;
  for (auto& [units, same] : classes_) {
    if (units > room) break;
    Advance(same, now);
    const double needed = Needed(units, rate);
    if (!same.late.empty() && now >= std::get<Time>(*same.late.begin()) + needed &&
        (late == nullptr || *same.late.begin() < *late)) {
      late = &*same.late.begin();
    }
    if (!same.by_end.empty() && -std::get<Time>(*same.by_end.begin()) >= now + needed &&
        (last == nullptr || *same.by_end.begin() < *last)) {
      last = &*same.by_end.begin();
    }
  }
  const Key* found = late != nullptr ? late : last;
  return found == nullptr ? std::nullopt : std::optional(std::get<HolderId>(*found));
}

std::optional<Time> LateSearch::Next(double rate, size_t room, Time now) const {
  std::optional<Time> next;
  const auto consider = [&](Time instant) {
    if (instant > now && (!next || instant < *next)) next = instant;
  };
  for (const auto& [units, same] : classes_) {
    if (!same.by_late_at.empty()) consider(std::get<Time>(*same.by_late_at.begin()));
    if (units <= room && !same.late.empty() && rate > 0)
      consider(std::get<Time>(*same.late.begin()) + Needed(units, rate));
  }
  return next;
}

}  // namespace nmn::ingest
