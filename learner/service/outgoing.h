#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "learner/service/weights.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::service {

// A message to an actor.
struct OutMessage {
  v1::LearnerMessage message;
  std::shared_ptr<const Weights> weights;  // the message becomes the chunk of these at `offset`; null: it is whole
  uint64_t offset = 0;
};

// What one actor must still be told, in the order of its importance: acknowledgements, goodbye (after which only
// acknowledgements follow), the newest weights in chunks, leases. Newer weights take the place of those that are not
// begun. Those that are on their way are given up for them. Not thread-safe.
class Outgoing {
 public:
  void Add(v1::Acknowledgement acknowledgement) { acknowledgements_.push_back(std::move(acknowledgement)); }
  void Add(v1::Lease lease) { leases_.push_back(std::move(lease)); }
  void Add(std::shared_ptr<const Weights> weights) { newest_ = std::move(weights); }
  void SetGoodbye(v1::GoodbyeReason reason) { goodbye_ = reason; }

  bool HasGoodbye() const { return goodbye_.has_value(); }
  bool GoodbyeSaid() const { return goodbye_said_; }
  // False if the reader is so far behind with its acknowledgements that it should get no more of them.
  bool HasRoom() const;

  // The next message; false if there is none now. A chunk of weights is left to FillChunk, which copies megabytes.
  bool Next(OutMessage& out);

 private:
  std::deque<v1::Acknowledgement> acknowledgements_;
  std::optional<v1::GoodbyeReason> goodbye_;
  bool goodbye_said_ = false;
  std::shared_ptr<const Weights> newest_;   // not begun
  std::shared_ptr<const Weights> sending_;  // partly said
  uint64_t said_bytes_ = 0;
  std::deque<v1::Lease> leases_;
};

}  // namespace nmn::service
