#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nmn::fault {

// What happens to the bytes of one direction, on every connection.
struct LinkFaults {
  std::chrono::milliseconds delay{0};
  std::chrono::milliseconds jitter{0};  // a block is late by delay +- jitter, uniform; bytes keep their order
  uint64_t bytes_per_second = 0;        // of one connection; 0: no limit
  bool hold = false;        // nothing passes, the end of a connection neither; what came meanwhile passes later
  double corrupt = 0;       // chance that one bit of a block is flipped; a block is what one read gave, 16 KiB at most
  size_t corrupt_from = 1;  // bytes; smaller blocks are spared, e.g. to hit payloads only
};

struct Faults {
  LinkFaults up;                       // from client to server
  LinkFaults down;                     // from server to client
  double drop = 0;                     // chance that a new connection is doomed
  uint64_t drop_within = 64 << 10;     // bytes: a doomed one is reset at a uniform point of these, both ways counted
  double duplicate = 0;                // chance that the server gets a new connection twice
  uint64_t duplicate_bytes = 4 << 10;  // the copy ends after so many bytes; its answers are thrown away
};

// From `at` on, until the next one's.
struct ScheduledFaults {
  std::chrono::milliseconds at{0};  // since the schedule began
  Faults faults;
};

// Trouble of `length`: calm and bad spells in turn, each 0.2 to 2 s. A bad spell has one or two faults of a kind drawn
// from delay, throttle, partition, half partition, drops and duplicates; a partition lasts at most `longest_hold`.
// Ends calm. A function of its arguments.
std::vector<ScheduledFaults> RandomSchedule(uint64_t seed, std::chrono::milliseconds length,
                                            std::chrono::milliseconds longest_hold);

}  // namespace nmn::fault
