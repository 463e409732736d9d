#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "actor/rollout.h"
#include "actor/weights_assembler.h"
#include "common/sync/mutex.h"
#include "nmn/v1/learner.grpc.pb.h"

namespace nmn::fault {

// Many actors in one process, each with a connection of its own and a name of its own. They play their units with one
// engine, as real actors do, so that a run with them ends with the weights of any other. Thread-safe.
class Crowd {
 public:
  // Registers all of them, one after the other, and opens their streams. Units are taken, and played from Begin() on:
  // the first few would end a short run before the last has come. Weights must fit one chunk.
  Crowd(uint16_t port, const v1::BuildInfo& build, size_t count);
  // Ends the streams and waits for it.
  ~Crowd();

  void Begin();

  size_t registered() const { return members_.size(); }
  struct Counts {
    size_t open = 0;        // streams
    uint64_t accepted = 0;  // messages
    uint64_t other = 0;     // answers that were no acceptance
  };
  Counts counts();

 private:
  class Member;

  std::vector<v1::Trajectory> Play(const v1::Lease& lease, const v1::RegisterResponse& registration)
      NMN_REQUIRES(mutex_);

  Mutex mutex_;
  CondVar changed_;
  bool playing_ NMN_GUARDED_BY(mutex_) = false;
  Counts counts_ NMN_GUARDED_BY(mutex_);
  std::unique_ptr<actor::RolloutEngine> engine_ NMN_GUARDED_BY(mutex_);
  std::shared_ptr<const actor::PolicyWeights> weights_ NMN_GUARDED_BY(mutex_);  // the newest
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace nmn::fault
