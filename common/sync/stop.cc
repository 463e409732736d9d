#include "common/sync/stop.h"

#include <utility>

namespace nmn {

bool StopToken::WaitUntil(std::chrono::steady_clock::time_point deadline) const {
  MutexLock lock(state_->mutex);
  while (!stop_requested() && state_->changed.WaitUntil(state_->mutex, deadline)) {
  }
  return stop_requested();
}

void StopToken::Wait() const {
  MutexLock lock(state_->mutex);
  while (!stop_requested()) state_->changed.Wait(state_->mutex);
}

void StopSource::RequestStop() {
  MutexLock lock(state_->mutex);
  if (state_->requested.exchange(true, std::memory_order_acq_rel)) return;
  state_->changed.NotifyAll();
  for (const auto& [id, callback] : state_->callbacks) callback();
  state_->callbacks.clear();
}

StopCallback::StopCallback(const StopToken& token, std::function<void()> callback) : state_(token.state_) {
  MutexLock lock(state_->mutex);
  if (state_->requested.load(std::memory_order_acquire)) {
    callback();
    return;
  }
  id_ = ++state_->next_callback;
  state_->callbacks.emplace(id_, std::move(callback));
}

StopCallback::~StopCallback() {
  MutexLock lock(state_->mutex);
  state_->callbacks.erase(id_);
}

}  // namespace nmn
