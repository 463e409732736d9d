#include "learner/ingest/pace.h"

#include <algorithm>

namespace nmn::ingest {
namespace {

constexpr double kNewestCounts = 0.5;  // weight of the newest measurement
constexpr double kLate = 1.5;          // times the expected time: more than the scatter of a busy machine
constexpr double kShortest = 1e-6;     // seconds that a measurement may have taken

}  // namespace

void Pace::OnGranted(const v1::Lease& lease, Time now) {
  outstanding_.clear();
  given_up_ = false;
  granted_ = now;
  granted_episodes_ = arrived_episodes_ = 0;
  if (!silent_since_) silent_since_ = now;
  for (const v1::UnitId& unit : lease.units()) {
    outstanding_[{unit.update(), unit.first_episode()}] = unit.count();
    granted_episodes_ += unit.count();
  }
}

bool Pace::OnArrived(const v1::UnitId& unit, uint32_t episodes, Time now) {
  const auto found = outstanding_.find({unit.update(), unit.first_episode()});
  if (found == outstanding_.end()) return false;
  silent_since_.reset();
  const uint32_t some = std::min(episodes, found->second);
  arrived_episodes_ += some;
  found->second -= some;
  if (found->second == 0) outstanding_.erase(found);
  if (outstanding_.empty()) Measure(now);
  return true;
}

void Pace::OnDisconnect() {
  outstanding_.clear();
  silent_since_.reset();
}

bool Pace::OnGivenUp(Time now) {
  given_up_ = true;
  if (arrived_episodes_ == 0) {
    rate_ = 0;
    return true;
  }
  Measure(now);
  return false;
}

void Pace::Measure(Time now) {
  const double measured = arrived_episodes_ / std::max(now - granted_, kShortest);
  rate_ = rate_ == 0 ? measured : rate_ + kNewestCounts * (measured - rate_);
}

Time Pace::LateAt() const { return rate_ == 0 ? granted_ : granted_ + kLate * granted_episodes_ / rate_; }

std::optional<Time> Pace::ExpectedEnd() const {
  if (rate_ == 0) return std::nullopt;
  return granted_ + granted_episodes_ / rate_;
}

}  // namespace nmn::ingest
