#include <algorithm>
#include <random>

#include "tests/fault/proxy/faults.h"

namespace nmn::fault {
namespace {

using std::chrono::milliseconds;

enum Kind { kDelay, kThrottle, kPartition, kHalfPartition, kDrop, kDuplicate, kKinds };

// The standard's distributions differ between libraries; a schedule must replay everywhere.
uint64_t Below(std::mt19937_64& random, uint64_t limit) { return random() % limit; }

void Add(Kind kind, std::mt19937_64& random, Faults& faults) {
  LinkFaults& one_way = Below(random, 2) == 0 ? faults.up : faults.down;
  switch (kind) {
    case kDelay:
      for (LinkFaults* link : {&faults.up, &faults.down}) {
        link->delay = milliseconds(20 + Below(random, 80));
        link->jitter = link->delay / 2;
      }
      break;
    case kThrottle:
      one_way.bytes_per_second = 100'000 + Below(random, 900'000);
      break;
    case kPartition:
      faults.up.hold = faults.down.hold = true;
      break;
    case kHalfPartition:
      one_way.hold = true;
      break;
    case kDrop:
      faults.drop = 0.5;
      break;
    case kDuplicate:
      faults.duplicate = 0.5;
      break;
    case kKinds:
      break;
  }
}

}  // namespace

std::vector<ScheduledFaults> RandomSchedule(uint64_t seed, milliseconds length, milliseconds longest_hold) {
  std::mt19937_64 random(seed);
  std::vector<ScheduledFaults> schedule;
  milliseconds at{0};
  while (true) {
    schedule.push_back({at, {}});
    at += milliseconds(200 + Below(random, 1800));
    Faults faults;
    for (uint64_t n = 1 + Below(random, 2); n > 0; --n) Add(static_cast<Kind>(Below(random, kKinds)), random, faults);
    milliseconds spell(200 + Below(random, 1800));
    if (faults.up.hold || faults.down.hold) spell = std::min(spell, longest_hold);
    if (at + spell > length) return schedule;
    schedule.push_back({at, faults});
    at += spell;
  }
}

}  // namespace nmn::fault
