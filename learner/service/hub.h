#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/sync/mutex.h"
#include "learner/ingest/core.h"
#include "learner/metrics/limits_reached.h"
#include "learner/service/address_table.h"
#include "learner/service/gate.h"
#include "learner/service/limits.h"
#include "learner/service/weights.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::service {

class Exchange;

// What the rpcs and the run loop share: the core, the streams, the newest weights. One lock guards all of it. Nothing
// costly happens under the lock: payloads are checked and copied, and messages are made and given to gRPC, without it.
// The hub owns the thread that tells the core that time has passed. Streams must be gone before the hub is destroyed.
class Hub {
 public:
  Hub(ingest::CoreOptions options, Gate the_gate, const Limits& the_limits = {});
  ~Hub();

  // Seconds since construction, on the steady clock.
  ingest::Time Now() const;

  const trajectory::TrajectoryLayout layout;  // of every trajectory
  const Gate gate;                            // of those who call
  const Limits limits;

  Mutex mutex;      // take it with HubLock if a stream may be given something to say
  CondVar changed;  // anything the run loop may wait for
  ingest::Core core NMN_GUARDED_BY(mutex);
  std::map<ingest::StreamId, Exchange*> streams NMN_GUARDED_BY(mutex);
  std::set<ingest::StreamId> quarantined NMN_GUARDED_BY(mutex);  // streams that are not read for now
  ingest::StreamId last_stream NMN_GUARDED_BY(mutex) = 0;
  AddressTable addresses NMN_GUARDED_BY(mutex);
  metrics::LimitsReached limits_reached NMN_GUARDED_BY(mutex);  // those that the core does not count
  std::shared_ptr<const Weights> weights NMN_GUARDED_BY(mutex);
  uint64_t judged_bytes NMN_GUARDED_BY(mutex) = 0;  // of trajectories received and not yet acknowledged
  // Set once the run is over or the learner stops; every stream hears it, and so does each that comes later.
  std::optional<v1::GoodbyeReason> goodbye NMN_GUARDED_BY(mutex);

  std::vector<Exchange*> writers NMN_GUARDED_BY(mutex);  // these write their next message when the lock is free

  // Lets the core decide, and carries out what it says. Call it after each event.
  void Dispatch() NMN_REQUIRES(mutex);
  // All of them.
  metrics::LimitsReached LimitsReached() const NMN_REQUIRES(mutex);
  // Null if the stream has ended.
  Exchange* Find(ingest::StreamId stream) NMN_REQUIRES(mutex);
  // Says goodbye on every stream.
  void SayGoodbye(v1::GoodbyeReason reason) NMN_REQUIRES(mutex);

 private:
  void WatchTime();

  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  CondVar timer_changed_;
  std::optional<ingest::Time> timer_ NMN_GUARDED_BY(mutex);
  bool stopping_ NMN_GUARDED_BY(mutex) = false;
  std::thread timer_thread_;
};

// Holds the hub's lock. Once it has let go, it writes what the streams were given to say meanwhile.
class NMN_THREAD_ANNOTATION(scoped_lockable) HubLock {
 public:
  explicit HubLock(Hub& hub) NMN_THREAD_ANNOTATION(acquire_capability(hub.mutex)) : hub_(hub) { hub_.mutex.Lock(); }
  ~HubLock() NMN_THREAD_ANNOTATION(release_capability());
  HubLock(const HubLock&) = delete;
  HubLock& operator=(const HubLock&) = delete;

 private:
  Hub& hub_;
};

}  // namespace nmn::service
