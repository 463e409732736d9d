#include "learner/service/outgoing.h"

#include <utility>

namespace nmn::service {
namespace {

constexpr size_t kMostAcknowledgements = 64;

template <typename Message>
Message Pop(std::deque<Message>& messages) {
  Message first = std::move(messages.front());
  messages.pop_front();
  return first;
}

}  // namespace

bool Outgoing::HasRoom() const { return acknowledgements_.size() < kMostAcknowledgements; }

bool Outgoing::Next(OutMessage& out) {
  out.message.Clear();
  out.weights.reset();
  if (!acknowledgements_.empty()) {
    *out.message.mutable_acknowledgement() = Pop(acknowledgements_);
    return true;
  }
  if (goodbye_) {
    if (std::exchange(goodbye_said_, true)) return false;
    out.message.mutable_goodbye()->set_reason(*goodbye_);
    return true;
  }
  if (newest_ != nullptr) {
    sending_ = std::exchange(newest_, nullptr);
    said_bytes_ = 0;
  }
  if (sending_ != nullptr) {
    out.weights = sending_;
    out.offset = std::exchange(said_bytes_, ChunkEnd(*sending_, said_bytes_));
    if (said_bytes_ == sending_->bytes.size()) sending_.reset();
    return true;
  }
  if (leases_.empty()) return false;
  *out.message.mutable_lease() = Pop(leases_);
  return true;
}

}  // namespace nmn::service
