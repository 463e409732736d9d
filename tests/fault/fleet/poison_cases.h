#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/unit/learner/service/raw_actor.h"

namespace nmn::fault {

// A trajectory that a correct actor never sends, made from one that it would send; and why it must be refused.
struct PoisonedTrajectory {
  std::string name;
  std::function<void(v1::Trajectory&)> spoil;
  v1::RejectReason reason;
};
// For benchmark 1.
std::vector<PoisonedTrajectory> PoisonedTrajectories();

// A breach of the protocol by a process that is not registered yet, and the end of the stream or call that it must
// find.
struct Breach {
  std::string name;
  std::function<grpc::Status(service::RawActor&)> act;
  grpc::StatusCode code;
  std::string says;  // part of the status' message
};
std::vector<Breach> Breaches();

}  // namespace nmn::fault
