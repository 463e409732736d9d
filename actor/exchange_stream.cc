#include "actor/exchange_stream.h"

#include <utility>

#include "common/net/status.h"
#include "common/sync/hand_over.h"

namespace nmn::actor {
namespace {

constexpr size_t kMostIncoming = 16;

}  // namespace

ExchangeStream::ExchangeStream(v1::LearnerService::Stub& stub, std::function<void()> notify)
    : notify_(std::move(notify)) {
  stub.async()->Exchange(&context_, this);
  // The hold keeps the stream open for Send, which comes from outside of the callbacks; the last word is OnReadDone's.
  AddHold();
  Read();
  StartCall();
}

ExchangeStream::~ExchangeStream() {
  context_.TryCancel();
  MutexLock lock(mutex_);
  draining_ = true;
  ReadAgain();
  while (!ended_) changed_.Wait(mutex_);
}

void ExchangeStream::Send(v1::ActorMessage message) {
  MutexLock lock(mutex_);
  outgoing_.push_back({std::move(message), nullptr});
  Pump();
}

void ExchangeStream::Send(std::shared_ptr<const v1::Trajectory> trajectory) {
  MutexLock lock(mutex_);
  outgoing_.push_back({v1::ActorMessage(), std::move(trajectory)});
  Pump();
}

void ExchangeStream::HalfClose() {
  MutexLock lock(mutex_);
  half_close_ = true;
  Pump();
}

void ExchangeStream::Pump() {
  if (writing_ || broken_ || half_closed_) return;
  if (outgoing_.empty()) {
    if (half_close_) {
      half_closed_ = true;
      HandOver(this);
      StartWritesDone();
    }
    return;
  }
  out_ = std::move(outgoing_.front());
  outgoing_.pop_front();
  out_.message.set_sequence(++sequence_);
  if (out_.trajectory != nullptr) {
    // Lent for the time of the write; OnWriteDone takes it back. gRPC only reads it.
    out_.message.unsafe_arena_set_allocated_trajectory(const_cast<v1::Trajectory*>(out_.trajectory.get()));
  }
  writing_ = true;
  HandOver(this);
  StartWrite(&out_.message);
}

void ExchangeStream::Read() {
  HandOver(this);
  StartRead(&in_);
}

void ExchangeStream::ReadAgain() {
  if (!read_waits_) return;
  read_waits_ = false;
  Read();
}

void ExchangeStream::OnWriteDone(bool ok) {
  TakeOver(this);
  MutexLock lock(mutex_);
  writing_ = false;
  if (out_.trajectory != nullptr) {
    out_.message.unsafe_arena_release_trajectory();
    out_.trajectory.reset();
  }
  if (!ok) broken_ = true;
  Pump();
}

void ExchangeStream::OnReadDone(bool ok) {
  TakeOver(this);
  {
    MutexLock lock(mutex_);
    if (!ok) {
      broken_ = true;
      RemoveHold();
      return;
    }
    if (!draining_) incoming_.push_back(std::move(in_));
    in_.Clear();
    if (incoming_.size() < kMostIncoming) {
      Read();
    } else {
      read_waits_ = true;
    }
  }
  notify_();
}

void ExchangeStream::OnDone(const grpc::Status& status) {
  TakeOver(this);
  // The object, and who is notified, may be destroyed as soon as the lock is free.
  MutexLock lock(mutex_);
  ended_ = net::ToAbsl(status);
  changed_.NotifyAll();
  notify_();
}

std::optional<v1::LearnerMessage> ExchangeStream::Take() {
  MutexLock lock(mutex_);
  if (incoming_.empty()) return std::nullopt;
  v1::LearnerMessage message = std::move(incoming_.front());
  incoming_.pop_front();
  ReadAgain();
  return message;
}

std::optional<absl::Status> ExchangeStream::ended() const {
  MutexLock lock(mutex_);
  return incoming_.empty() ? ended_ : std::nullopt;
}

bool ExchangeStream::WaitForEnd(std::chrono::steady_clock::time_point deadline) {
  MutexLock lock(mutex_);
  draining_ = true;
  incoming_.clear();
  ReadAgain();
  while (!ended_ && changed_.WaitUntil(mutex_, deadline)) {
  }
  return ended_.has_value();
}

}  // namespace nmn::actor
