#include "tests/fault/fleet/control_probe.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/net/channel.h"
#include "tests/fault/fleet/certificates.h"

namespace nmn::fault {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kAskEvery = std::chrono::milliseconds(20);
constexpr auto kAnswerLimit = std::chrono::seconds(5);

}  // namespace

ControlProbe::ControlProbe(uint16_t port)
    : stub_(v1::LearnerService::NewStub(net::CreateChannel({"127.0.0.1", port}, OperatorCredentials()))),
      thread_([this] { Loop(); }) {}

ControlProbe::~ControlProbe() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

ControlProbe::Result ControlProbe::Take() {
  MutexLock lock(mutex_);
  std::vector<double> seconds = std::exchange(seconds_, {});
  Result result{seconds.size(), std::exchange(failed_, 0), 0, 0};
  if (seconds.empty()) return result;
  std::sort(seconds.begin(), seconds.end());
  result.p99_seconds = seconds[(seconds.size() - 1) * 99 / 100];
  result.longest_seconds = seconds.back();
  return result;
}

v1::GetStatusResponse ControlProbe::status() {
  MutexLock lock(mutex_);
  return status_;
}

void ControlProbe::Loop() {
  while (true) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kAnswerLimit);
    v1::GetStatusResponse response;
    const Clock::time_point start = Clock::now();
    const bool answered = stub_->GetStatus(&context, {}, &response).ok();
    const Clock::time_point end = Clock::now();
    MutexLock lock(mutex_);
    seconds_.push_back(std::chrono::duration<double>(end - start).count());
    failed_ += answered ? 0 : 1;
    if (answered) status_ = std::move(response);
    while (!stopping_ && changed_.WaitUntil(mutex_, end + kAskEvery)) {
    }
    if (stopping_) return;
  }
}

}  // namespace nmn::fault
