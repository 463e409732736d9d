#include "common/metrics/transport.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace nmn::metrics {
namespace {

tls::Step After(ssize_t count, short events) {
  if (count > 0) return {.bytes = static_cast<size_t>(count)};
  const bool later = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  return {.events = later ? events : short{0}};
}

}  // namespace

tls::Step Transport::Read(char* buffer, size_t size) {
  return session_ == nullptr ? After(recv(socket_, buffer, size, 0), POLLIN) : session_->Read(buffer, size);
}

tls::Step Transport::Write(std::string_view bytes) {
  return session_ == nullptr ? After(send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL), POLLOUT)
                             : session_->Write(bytes);
}

short Transport::Close() {
  if (session_ != nullptr) {
    if (const short events = session_->Close(); events != 0) return events;
  }
  shutdown(socket_, SHUT_WR);
  return 0;
}

}  // namespace nmn::metrics
