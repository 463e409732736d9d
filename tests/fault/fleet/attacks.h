#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nmn/v1/learner.pb.h"

namespace nmn::fault {

// What a hostile or broken client does to a learner on 127.0.0.1:`port`. Each blocks until it is over.

// `count` actors send a message above the cap; returns how many of them were cut off for it.
size_t SendOversize(uint16_t port, const v1::BuildInfo& build, size_t count);

// `actors` registered actors send messages that look valid, trajectories of units they do not hold and heartbeats, as
// fast as they can for `length` and read no answer. Returns the number of messages that went out.
uint64_t Flood(uint16_t port, const v1::BuildInfo& build, size_t actors, std::chrono::milliseconds length);

// Calls with `count` times 64 KiB of metadata; returns how many of them were refused.
size_t SendHugeMetadata(uint16_t port, size_t count);

// `count` connections that say nothing, every second one after half of HTTP/2's preface. Open until destroyed.
class SilentConnections {
 public:
  SilentConnections(uint16_t port, size_t count);
  ~SilentConnections();

  size_t opened() const { return sockets_.size(); }
  // Blocks until the learner has closed all of them or `limit` passes; returns how many it has.
  size_t WaitUntilClosed(std::chrono::milliseconds limit);

 private:
  std::vector<int> sockets_;
};

// `count` streams at once that never say hello.
class SilentStreams {
 public:
  SilentStreams(uint16_t port, size_t count);
  ~SilentStreams();

  // Blocks until all but `most` have been refused or `limit` passes; returns how many are still open.
  size_t WaitUntilOpen(size_t most, std::chrono::milliseconds limit);
  // Of those that were ended with RESOURCE_EXHAUSTED.
  size_t refused() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nmn::fault
