#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "common/tls/session.h"

namespace nmn::metrics {

// The bytes of a socket that does not block, in plain text or in TLS. The socket stays the caller's. Not thread-safe.
class Transport {
 public:
  // `session`: of this socket; null: plain text.
  explicit Transport(int socket, std::unique_ptr<tls::Session> session = nullptr)
      : socket_(socket), session_(std::move(session)) {}

  tls::Step Read(char* buffer, size_t size);
  tls::Step Write(std::string_view bytes);
  // Whether bytes have come that nobody has read yet, of which poll(2) does not know.
  bool pending() const { return session_ != nullptr && session_->pending(); }
  // Says that no more bytes follow. The events to wait for before the next try; 0: said.
  short Close();

  const tls::Session* session() const { return session_.get(); }
  // What follows is in plain text.
  void DropSession() { session_.reset(); }

 private:
  int socket_;
  std::unique_ptr<tls::Session> session_;
};

}  // namespace nmn::metrics
