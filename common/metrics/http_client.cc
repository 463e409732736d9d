#include "common/metrics/http_client.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace nmn::metrics {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMostAnswerBytes = size_t{16} << 20;

// Closes a descriptor.
struct Socket {
  explicit Socket(int descriptor) : fd(descriptor) {}
  ~Socket() {
    if (fd >= 0) close(fd);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd;
};

bool Await(int fd, short events, Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  pollfd polled{fd, events, 0};
  return left.count() > 0 && poll(&polled, 1, static_cast<int>(left.count())) == 1;
}

absl::StatusOr<HttpResponse> Parse(const std::string& text) {
  const size_t end = text.find("\r\n\r\n");
  HttpResponse response;
  if (end == std::string::npos || std::sscanf(text.c_str(), "HTTP/1.%*d %d", &response.status) != 1)
    return absl::UnavailableError("the answer is no HTTP");
  const size_t first = text.find("\r\n");
  for (size_t at = first; at < end; at = text.find("\r\n", at + 2)) {
    const std::string line = text.substr(at + 2, text.find("\r\n", at + 2) - at - 2);
    const size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    response.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    if (response.headers.back().first == "Content-Type") response.content_type = response.headers.back().second;
  }
  response.body = text.substr(end + 4);
  return response;
}

}  // namespace

absl::StatusOr<HttpResponse> HttpGet(const net::Address& address, const std::string& path,
                                     std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  const net::Address target = net::Reachable(address);
  const std::string name = net::ToString(target);
  const auto failed = [&](const char* what) { return absl::UnavailableError(name + ": " + what); };
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(target.host.c_str(), std::to_string(target.port).c_str(), &hints, &found))
    return failed(gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, freeaddrinfo);
  const Socket socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.fd < 0) return failed(std::strerror(errno));
  if (connect(socket.fd, found->ai_addr, found->ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return failed(std::strerror(errno));
    if (!Await(socket.fd, POLLOUT, deadline)) return failed("no connection in time");
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(socket.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return failed(std::strerror(error));
  }
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + name + "\r\n\r\n";
  if (send(socket.fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return failed("the request could not be sent");
  std::string answer;
  while (answer.size() <= kMostAnswerBytes) {
    if (!Await(socket.fd, POLLIN, deadline)) return failed("no answer in time");
    char bytes[16384];
    const ssize_t count = recv(socket.fd, bytes, sizeof(bytes), 0);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return failed(std::strerror(errno));
    if (count == 0) return Parse(answer);
    if (count > 0) answer.append(bytes, static_cast<size_t>(count));
  }
  return failed("the answer does not end");
}

}  // namespace nmn::metrics
