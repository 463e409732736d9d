#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "learner/ingest/lease_table.h"
#include "learner/ingest/pace.h"

namespace nmn::ingest {

// Finds the units of one update that are worth a second lease, among the actors that hold units alone. A call takes
// time that grows with the logarithm of the number of actors, and with how many different numbers of units they hold
// alone. Pure; not thread-safe.
class LateSearch {
 public:
  explicit LateSearch(uint32_t unit_episodes) : unit_episodes_(unit_episodes) {}

  // The actor holds so many units alone, one at least, with this pace.
  void Place(HolderId holder, const std::string& name, size_t held_alone, const Pace& pace, Time now);
  void Remove(HolderId holder);
  void Clear();

  // Whose units an idle actor should play too, if it plays `rate` episodes a second and has room for so many units: of
  // the actors that are late, the one with the oldest lease; else the one that is expected to end last, if the idle one
  // would be done earlier.
  std::optional<HolderId> Find(double rate, size_t room, Time now);
  // When that could become another answer, if nobody changes.
  std::optional<Time> Next(double rate, size_t room, Time now) const;

 private:
  using Key = std::tuple<Time, std::string, HolderId>;
  // The actors that hold the same number of units alone.
  struct Class {
    std::set<Key> by_end;      // those that are not late, by the negative of their expected end
    std::set<Key> by_late_at;  // the same, by when they will be late
    std::set<Key> late;        // by grant
  };
  struct Standing {
    size_t held_alone = 0;
    std::string name;
    Time granted = 0, late_at = 0, end = 0;
    bool late = false;
  };

  // Seconds after its grant from which on a late lease of so many units is worth the same work again.
  double Needed(size_t units, double rate) const;
  void TakeOut(HolderId holder, const Standing& place);
  void Advance(Class& same, Time now);

  uint32_t unit_episodes_;
  std::map<HolderId, Standing> places_;
  std::map<size_t, Class> classes_;  // none is empty
};

}  // namespace nmn::ingest
