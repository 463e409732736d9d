#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "nmn/v1/learner.pb.h"

namespace nmn::actor {

// Trajectories that the learner has not acknowledged: those to send, as credits allow, and those sent. Kept until
// acknowledged, so that a broken stream loses nothing. Not thread-safe.
class Outbox {
 public:
  void Add(v1::Trajectory trajectory);

  // The next message to send, if the credits allow it; counted as sent. One message may go when nothing is under way,
  // whatever its size, or a small credit would stop everything.
  std::shared_ptr<const v1::Trajectory> Next();

  // Forgets the message that is acknowledged; its bytes are credit again. Copies that were sent twice are acknowledged
  // twice.
  void Acknowledge(const v1::Acknowledgement& acknowledgement);

  // A new stream: all is to be sent again, with all of the credit.
  void Rewind(uint64_t credit_bytes);
  void Clear() { entries_.clear(); }

  bool empty() const { return entries_.empty(); }
  uint64_t bytes() const;  // not acknowledged
  // Whether some part of the unit is here; if so all of it is sent again, for the learner that leases a unit lacks it.
  // Copies do no harm.
  bool SendAgain(const v1::UnitId& unit);

 private:
  struct Entry {
    std::shared_ptr<const v1::Trajectory> trajectory;
    uint64_t bytes = 0;
    bool sent = false;
  };

  uint64_t credit_ = 0;
  uint64_t under_way_ = 0;  // bytes sent and not acknowledged
  std::deque<Entry> entries_;
};

bool SameUnit(const v1::UnitId& a, const v1::UnitId& b);

}  // namespace nmn::actor
