#include "common/metrics/http_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "common/net/dial.h"

namespace nmn::metrics {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMostAnswerBytes = size_t{16} << 20;

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
  const absl::StatusOr<fs::Descriptor> socket = net::Dial(target, deadline);
  if (!socket.ok()) return socket.status();
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + name + "\r\n\r\n";
  if (send(socket->get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return failed("the request could not be sent");
  std::string answer;
  while (answer.size() <= kMostAnswerBytes) {
    if (!net::Await(socket->get(), POLLIN, deadline)) return failed("no answer in time");
    char bytes[16384];
    const ssize_t count = recv(socket->get(), bytes, sizeof(bytes), 0);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return failed(std::strerror(errno));
    if (count == 0) return Parse(answer);
    if (count > 0) answer.append(bytes, static_cast<size_t>(count));
  }
  return failed("the answer does not end");
}

}  // namespace nmn::metrics
