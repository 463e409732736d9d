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

bool Outgoing::Next(v1::LearnerMessage& message) {
  message.Clear();
  if (!acknowledgements_.empty()) {
    *message.mutable_acknowledgement() = Pop(acknowledgements_);
    return true;
  }
  if (goodbye_) {
    if (std::exchange(goodbye_said_, true)) return false;
    message.mutable_goodbye()->set_reason(*goodbye_);
    return true;
  }
  if (newest_ != nullptr) {
    sending_ = std::exchange(newest_, nullptr);
    said_bytes_ = 0;
  }
  if (sending_ != nullptr) {
    said_bytes_ = FillChunk(*sending_, said_bytes_, *message.mutable_weights());
    if (said_bytes_ == sending_->bytes.size()) sending_.reset();
    return true;
  }
  if (leases_.empty()) return false;
  *message.mutable_lease() = Pop(leases_);
  return true;
}

}  // namespace nmn::service
