#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace nmn::ingest {

// Seconds on the caller's steady clock.
using Time = double;

// One actor process. The core gives a new number to each (actor_id, incarnation) and never uses it again.
using HolderId = uint64_t;

// Who works on which unit of the open update. A unit is leased for a time. After that it may be leased again. A unit
// that is late may be leased a second time before that. `now` never goes back. Pure; not thread-safe.
//
// A call takes time that grows with the logarithm of the number of leases and with what it changes. It must be quick,
// because a thousand actors ask after every event.
class LeaseTable {
 public:
  explicit LeaseTable(double lease_seconds) : lease_seconds_(lease_seconds) {}

  // Cuts `episodes` into units of `unit_episodes`, which must divide it. Drops all leases.
  void Open(uint32_t episodes, uint32_t unit_episodes);
  // After this no unit can be leased, and nobody holds one.
  void Close();

  size_t units() const { return units_.size(); }
  size_t unleased() const { return unleased_.size(); }
  bool Holds(HolderId holder) const { return held_.contains(holder); }
  size_t HeldBy(HolderId holder) const;
  size_t outstanding() const { return endings_.size(); }  // leases at this moment
  uint64_t granted() const { return granted_; }           // leases of all updates
  uint64_t expired() const { return expired_; }
  bool WasIssuedTo(HolderId holder, size_t unit) const { return units_[unit].issued.contains(holder); }

  // Leases the first `count` units that nobody holds, or fewer if there are not so many.
  std::vector<size_t> Grant(HolderId holder, size_t count, Time now);
  // If nothing is unleased: leases the oldest outstanding unit that somebody else holds alone, with a lease that is
  // more than half gone.
  std::optional<size_t> GrantSecond(HolderId holder, Time now);

  // The units that only `holder` holds, and how many they are.
  std::vector<size_t> HeldAlone(HolderId holder) const;
  size_t CountHeldAlone(HolderId holder) const;
  // Leases a unit that one holder has to a second one.
  void GrantToo(HolderId holder, size_t unit, Time now) { Add(holder, unit, now); }

  void Release(HolderId holder, size_t unit);
  void ReleaseAll(HolderId holder);
  // Ends the leases that have run out. Returns their holders, in ascending order, each once.
  std::vector<HolderId> Expire(Time now);
  // The unit has arrived. Nobody holds it any more, and it will not be leased again.
  void Finish(size_t unit);
  // A finished unit may be leased once more.
  void Again(size_t unit);
  bool IsHeldBy(HolderId holder, size_t unit) const;

  // Whose leases, or whose share in a unit that two hold, changed since the last call.
  std::set<HolderId> TakeChanged() { return std::exchange(changed_, {}); }

  // The next instant after `now` at which Expire or GrantSecond could do something new.
  std::optional<Time> NextInstant(Time now) const;

 private:
  struct Lease {
    HolderId holder = 0;
    Time granted = 0;
  };
  struct Unit {
    bool finished = false;
    std::vector<Lease> leases;  // at most two
    std::set<HolderId> issued;
  };
  // A lease in the order in which leases end.
  using Ending = std::tuple<Time, size_t, HolderId>;  // granted, unit, holder

  void Add(HolderId holder, size_t unit, Time now);

  double lease_seconds_;
  std::vector<Unit> units_;
  std::set<size_t> unleased_;  // units that nobody holds and that are not finished
  struct Held {
    std::set<size_t> units;
    size_t alone = 0;
  };
  std::map<HolderId, Held> held_;  // of those who hold a unit
  std::set<Ending> endings_;       // of all leases
  std::set<HolderId> changed_;
  uint64_t granted_ = 0;
  uint64_t expired_ = 0;
};

}  // namespace nmn::ingest
