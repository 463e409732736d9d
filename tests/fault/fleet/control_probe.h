#pragma once

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "common/sync/mutex.h"
#include "nmn/v1/learner.grpc.pb.h"

namespace nmn::fault {

// Asks a learner for its status again and again, as an operator does while something is wrong, and keeps how long each
// answer took. On a connection and a thread of its own. Thread-safe.
class ControlProbe {
 public:
  explicit ControlProbe(uint16_t port);
  ~ControlProbe();

  struct Result {
    size_t calls = 0;
    size_t failed = 0;       // no answer within 5 s
    double p99_seconds = 0;  // a failed call counts with the time that it took
    double longest_seconds = 0;
  };
  // Of the calls since the last Take.
  Result Take();
  // The last status that was told.
  v1::GetStatusResponse status();

 private:
  void Loop();

  std::unique_ptr<v1::LearnerService::Stub> stub_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ NMN_GUARDED_BY(mutex_) = false;
  std::vector<double> seconds_ NMN_GUARDED_BY(mutex_);
  size_t failed_ NMN_GUARDED_BY(mutex_) = 0;
  v1::GetStatusResponse status_ NMN_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace nmn::fault
