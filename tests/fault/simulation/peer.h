#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "nmn/v1/learner.pb.h"

namespace nmn::fault {

// A message of a stream, either way.
struct Envelope {
  uint64_t stream = 0;
  v1::ActorMessage up;
  v1::LearnerMessage down;  // weights: version, and the weights themselves in `data`
};

// An actor as the learner sees it.
class ActorEnd {
 public:
  virtual ~ActorEnd() = default;
  virtual void OnMessage(const Envelope& envelope) = 0;
  virtual void OnClosed(uint64_t stream) = 0;
};

}  // namespace nmn::fault
