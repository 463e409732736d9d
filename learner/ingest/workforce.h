#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "learner/ingest/actor_table.h"
#include "learner/ingest/lease_table.h"

namespace nmn::ingest {

// An actor that may get a lease, as it was when it was last put into its places.
struct Worker {
  HolderId holder = 0;
  Actor* actor = nullptr;
  std::string name;
  bool idle = false;  // holds no unit
  double rate = 0;    // episodes a second; 0 if it is not known
  Time granted = 0;   // when it got its last lease
  Time late_at = 0;   // of a busy one; never, if nothing is expected of it
  Time retry_at = 0;  // of an idle one with a rate: it gets a unit although its share is none
  bool late = false;  // now >= late_at
};

// The actors that may work, in the orders in which leases are given, so that a decision does not look at all of them.
// A call takes time that grows with the logarithm of the number of actors and with what it changes. Pure; not
// thread-safe.
class Workforce {
 public:
  // The workers that hold nothing come again after this many times the time that one unit takes them.
  Workforce(uint32_t unit_episodes, double retry_units) : unit_episodes_(unit_episodes), retry_units_(retry_units) {}

  struct ByName {
    bool operator()(const Worker* a, const Worker* b) const { return a->name < b->name; }
  };
  // The fastest first; equal ones by name.
  struct ByRate {
    bool operator()(const Worker* a, const Worker* b) const {
      return a->rate != b->rate ? a->rate > b->rate : a->name < b->name;
    }
  };
  using Idle = std::set<const Worker*, ByRate>;

  // Puts an actor that may work where its pace of this moment belongs. `idle`: it holds no unit.
  void Place(Actor& actor, bool idle, Time now);
  void Remove(HolderId holder);
  // Workers whose time has come are late from now on.
  void Advance(Time now);

  size_t size() const { return workers_.size(); }
  // Null if it may not work.
  const Worker* Find(HolderId holder) const;
  const Idle& idle() const { return idle_; }
  std::vector<Actor*> IdleByName() const;

  // Episodes a second of all that are not late. Adds them up anew.
  double TotalRate();
  // Whether a share of `units` in proportion to the rates is less than half a unit for each idle worker, nobody has to
  // be measured, and nobody's retry is due. Then nobody gets any of them.
  bool NobodyHasAShare(size_t units, Time now) const;
  // When the next busy worker will be late.
  std::optional<Time> NextLate() const;

 private:
  struct ByLateAt {
    bool operator()(const Worker* a, const Worker* b) const {
      return a->late_at != b->late_at ? a->late_at < b->late_at : a->name < b->name;
    }
  };
  struct ByRetryAt {
    bool operator()(const Worker* a, const Worker* b) const {
      return a->retry_at != b->retry_at ? a->retry_at < b->retry_at : a->name < b->name;
    }
  };

  void TakeOut(const Worker& worker);

  uint32_t unit_episodes_;
  double retry_units_;
  std::map<HolderId, Worker> workers_;
  Idle idle_;
  std::set<const Worker*, ByRetryAt> retries_;  // idle ones with a rate
  std::set<const Worker*, ByLateAt> in_time_;   // busy ones that are not late
  // Of the busy ones that are not late. Sums and differences of it are rounded, so it decides nothing alone.
  double busy_rate_ = 0;
};

}  // namespace nmn::ingest
