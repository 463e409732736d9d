#pragma once

#include "learner/ingest/actor_table.h"
#include "learner/ingest/validate.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::ingest {

// Hears what the core decides, in order, while it decides. It must be quick and must not call back.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void OnGranted(const Actor& actor, const v1::UnitId& unit) = 0;
  // The core has decided about a trajectory: whether it is accepted, and how many of its episodes were new. `actor` is
  // null if its stream has said no hello.
  virtual void OnVerdict(const Actor* actor, const v1::Trajectory& trajectory, const Verdict& verdict,
                         uint32_t new_episodes) = 0;
};

}  // namespace nmn::ingest
