#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "learner/ingest/lease_table.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::ingest {

// How quickly one actor plays. Measures episodes a second between the grant of a lease and the arrival of its last
// episode, and takes the mean of that and of the rate before. `now` is the caller's and never goes back. Pure; not
// thread-safe.
class Pace {
 public:
  // Episodes a second; 0 if it is not known.
  double episodes_per_second() const { return rate_; }

  // The actor gets a lease. What it worked on before is over.
  void OnGranted(const v1::Lease& lease, Time now);
  // Episodes of a unit have arrived, whether they are still wanted or not. True if the unit is of its last lease.
  bool OnArrived(const v1::UnitId& unit, uint32_t episodes, Time now);
  // Its stream has ended. Nothing is expected of it any more.
  void OnDisconnect();
  // Its units are no longer wanted from it: others finished them, their update is over, or their lease ended. What
  // still arrives of them is measured all the same. True if nothing at all had arrived. Then its rate is not known.
  bool OnGivenUp(Time now);

  bool working() const { return !outstanding_.empty() && !given_up_; }
  // Seconds since it got its lease, if nothing has arrived since then; else 0.
  double Silence(Time now) const { return silent_since_ ? now - *silent_since_ : 0; }

  Time granted() const { return granted_; }
  // When the last episode of its lease should arrive; nullopt if its rate is not known.
  std::optional<Time> ExpectedEnd() const;
  // From when on it is later than chance explains. If its rate is not known, that is at once.
  Time LateAt() const;

 private:
  using UnitKey = std::pair<uint32_t, uint32_t>;  // update and first episode

  void Measure(Time now);

  double rate_ = 0;
  std::map<UnitKey, uint32_t> outstanding_;  // episodes
  bool given_up_ = false;
  Time granted_ = 0;
  uint32_t granted_episodes_ = 0;
  uint32_t arrived_episodes_ = 0;
  std::optional<Time> silent_since_;
};

}  // namespace nmn::ingest
