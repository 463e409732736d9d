#include "actor/outbox.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace nmn::actor {

bool SameUnit(const v1::UnitId& a, const v1::UnitId& b) {
  return a.update() == b.update() && a.first_episode() == b.first_episode() && a.count() == b.count();
}

void Outbox::Add(v1::Trajectory trajectory) {
  const uint64_t bytes = trajectory.ByteSizeLong();
  entries_.push_back({std::make_shared<const v1::Trajectory>(std::move(trajectory)), bytes, false});
}

std::shared_ptr<const v1::Trajectory> Outbox::Next() {
  const auto next = std::find_if(entries_.begin(), entries_.end(), [](const Entry& e) { return !e.sent; });
  if (next == entries_.end()) return nullptr;
  if (under_way_ > 0 && under_way_ + next->bytes > credit_) return nullptr;
  next->sent = true;
  under_way_ += next->bytes;
  return next->trajectory;
}

void Outbox::Acknowledge(const v1::Acknowledgement& acknowledgement) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) {
    return e.sent && e.trajectory->first_episode() == acknowledgement.first_episode() &&
           SameUnit(e.trajectory->unit(), acknowledgement.unit());
  });
  under_way_ -= std::min(under_way_, acknowledgement.credit_bytes());
  if (found != entries_.end()) entries_.erase(found);
}

void Outbox::Rewind(uint64_t credit_bytes) {
  credit_ = credit_bytes;
  under_way_ = 0;
  for (Entry& entry : entries_) entry.sent = false;
}

uint64_t Outbox::bytes() const {
  return std::accumulate(entries_.begin(), entries_.end(), uint64_t{0},
                         [](uint64_t sum, const Entry& entry) { return sum + entry.bytes; });
}

bool Outbox::SendAgain(const v1::UnitId& unit) {
  bool any = false;
  for (Entry& entry : entries_) {
    if (!SameUnit(entry.trajectory->unit(), unit)) continue;
    entry.sent = false;
    any = true;
  }
  return any;
}

}  // namespace nmn::actor
