#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sync/mutex.h"
#include "tests/fault/proxy/faults.h"
#include "tests/fault/proxy/pipe.h"

namespace nmn::fault {

// What has happened since the start.
struct Counters {
  uint64_t accepted = 0;
  uint64_t open = 0;  // now
  uint64_t dropped = 0;
  uint64_t duplicated = 0;
  uint64_t corrupted = 0;  // blocks
  uint64_t bytes_up = 0;
  uint64_t bytes_down = 0;
};

// A TCP proxy on loopback that mistreats what passes, as told: late, slow, torn, held (a partition, one way or both),
// doubled, corrupted. The peers see real sockets. What it draws comes from its seed.
//
// Thread-safe. One thread of its own moves the bytes; the destructor resets what is open.
class FaultProxy {
 public:
  // Listens on 127.0.0.1:`port` (0: a free one) for a server at 127.0.0.1:`target`, which need not be there yet.
  static absl::StatusOr<std::unique_ptr<FaultProxy>> Start(uint16_t port, uint16_t target, uint64_t seed);
  ~FaultProxy();

  uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // For connections that are open too, but for `drop` and `duplicate`. Ends a schedule.
  void Set(const Faults& faults);
  // The schedule begins now.
  void Play(std::vector<ScheduledFaults> schedule);
  // Resets that share of what is open, drawn by lot.
  void DropConnections(double share = 1);

  Counters counters() const;
  // Blocks until `condition` holds; false where it does not by `limit`.
  bool WaitUntil(const std::function<bool(const Counters&)>& condition, std::chrono::milliseconds limit);

 private:
  struct Connection;

  FaultProxy(int listener, uint16_t port, uint16_t target, uint64_t seed);

  void Loop();
  // Each wants the lock. They return when something is due next, at the latest at `soonest`.
  Clock::time_point FollowSchedule(Clock::time_point now, Clock::time_point soonest) NMN_REQUIRES(mutex_);
  void Accept() NMN_REQUIRES(mutex_);
  bool Move(Connection& connection, short client, short server, Clock::time_point now) NMN_REQUIRES(mutex_);
  void Count() NMN_REQUIRES(mutex_);
  void Wake();

  const int listener_;
  const uint16_t port_;
  const uint16_t target_;
  int wake_ = -1;  // an eventfd

  mutable Mutex mutex_;
  CondVar changed_;
  std::mt19937_64 random_ NMN_GUARDED_BY(mutex_);
  bool stopping_ NMN_GUARDED_BY(mutex_) = false;
  Faults faults_ NMN_GUARDED_BY(mutex_);
  std::vector<ScheduledFaults> schedule_ NMN_GUARDED_BY(mutex_);  // what is left of it
  Clock::time_point schedule_began_ NMN_GUARDED_BY(mutex_);
  Counters counters_ NMN_GUARDED_BY(mutex_);
  Counters closed_ NMN_GUARDED_BY(mutex_);  // bytes and blocks of connections that are gone
  std::list<std::unique_ptr<Connection>> connections_ NMN_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace nmn::fault
