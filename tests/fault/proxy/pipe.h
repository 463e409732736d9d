#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>

#include "tests/fault/proxy/faults.h"

namespace nmn::fault {

using Clock = std::chrono::steady_clock;

// One direction of a connection: bytes that were read from one socket and wait until they are due at the other. Does
// not own the sockets, which do not block. Not thread-safe.
class Pipe {
 public:
  // How a read or write went for the connection.
  enum class Result { kGoesOn, kBroken };

  Pipe(int from, int to) : from_(from), to_(to) {}

  bool WantsRead(const LinkFaults& faults) const;
  bool WantsWrite(const LinkFaults& faults, Clock::time_point now) const;
  // When the first waiting byte is due; nothing where none waits or none may pass.
  std::optional<Clock::time_point> NextDue(const LinkFaults& faults) const;

  // `copy` gets what was read, as it came.
  Result Read(const LinkFaults& faults, Clock::time_point now, std::mt19937_64& random, std::string& copy);
  // What is due; passes the sender's end on when all has gone.
  Result Write(Clock::time_point now);

  bool finished() const { return end_passed_on_; }
  int from() const { return from_; }
  int to() const { return to_; }
  uint64_t passed() const { return passed_; }        // bytes
  uint64_t corrupted() const { return corrupted_; }  // blocks

 private:
  struct Block {
    Clock::time_point due;
    std::string bytes;
  };

  int from_;
  int to_;
  std::deque<Block> blocks_;
  size_t waiting_ = 0;             // bytes
  Clock::time_point line_free_{};  // when a throttled line has sent what it was given
  Clock::time_point last_due_{};
  bool ended_ = false;
  bool end_passed_on_ = false;
  uint64_t passed_ = 0;
  uint64_t corrupted_ = 0;
};

}  // namespace nmn::fault
