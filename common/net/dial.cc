#include "common/net/dial.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace nmn::net {

bool Await(int fd, short events, std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  pollfd polled{fd, events, 0};
  return left.count() > 0 && poll(&polled, 1, static_cast<int>(left.count())) == 1;
}

absl::StatusOr<fs::Descriptor> Dial(const Address& address, std::chrono::steady_clock::time_point deadline) {
  const std::string name = ToString(address);
  const auto failed = [&](const char* what) { return absl::UnavailableError(name + ": " + what); };
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found))
    return failed(gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, freeaddrinfo);
  fs::Descriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.ok()) return failed(std::strerror(errno));
  if (connect(socket.get(), found->ai_addr, found->ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return failed(std::strerror(errno));
    if (!Await(socket.get(), POLLOUT, deadline)) return failed("no connection in time");
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return failed(std::strerror(error));
  }
  return socket;
}

}  // namespace nmn::net
