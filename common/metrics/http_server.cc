#include "common/metrics/http_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>
#include <vector>

namespace nmn::metrics {
namespace {

constexpr char kEndOfRequest[] = "\r\n\r\n";
constexpr std::chrono::milliseconds kWithoutDescriptors(100);

const char* Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Service Unavailable";
  }
}

std::string Serialised(const HttpResponse& response, bool with_body) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " " + Reason(response.status) +
                     "\r\nContent-Type: " + response.content_type +
                     "\r\nContent-Length: " + std::to_string(response.body.size()) + "\r\nConnection: close\r\n";
  for (const auto& [name, value] : response.headers) text.append(name).append(": ").append(value).append("\r\n");
  if (response.status == 405) text += "Allow: GET, HEAD\r\n";
  return text + "\r\n" + (with_body ? response.body : "");
}

std::string Refusal(int status, std::string sentence) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(sentence) + "\n";
  return Serialised(response, true);
}

// Who reads metrics takes no descriptor that the run needs: half of what the limit leaves is theirs.
size_t ConnectionsAllowed(size_t most) {
  constexpr rlim_t kOfTheRun = 48;
  constexpr size_t kLeast = 2;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return most;
  const rlim_t spare = files.rlim_cur > kOfTheRun ? files.rlim_cur - kOfTheRun : 0;
  return std::clamp<size_t>(spare / 2, kLeast, most);
}

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const net::Address& address, std::string_view flag,
                                                              Handler handler) {
  return Start(address, flag, std::move(handler), Limits());
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const net::Address& address, std::string_view flag,
                                                              Handler handler, const Limits& limits) {
  absl::StatusOr<net::Listener> listener = net::Listen(address, flag);
  if (!listener.ok()) return listener.status();
  return std::unique_ptr<HttpServer>(
      new HttpServer(listener->fd, {address.host, listener->port}, std::move(handler), limits));
}

HttpServer::HttpServer(int listener, net::Address address, Handler handler, const Limits& limits)
    : listener_(listener),
      stop_(eventfd(0, EFD_CLOEXEC)),
      address_(std::move(address)),
      handler_(std::move(handler)),
      limits_(limits),
      thread_([this] { Serve(); }) {}

HttpServer::~HttpServer() {
  eventfd_write(stop_, 1);
  thread_.join();
  for (const Connection& connection : connections_) close(connection.fd);
  close(listener_);
  close(stop_);
}

void HttpServer::Serve() {
  std::vector<pollfd> polled;
  while (true) {
    const Clock::time_point now = Clock::now();
    Clock::time_point next = Clock::time_point::max();
    polled.assign({{stop_, POLLIN, 0}, {now < accept_again_ ? -1 : listener_, POLLIN, 0}});
    if (now < accept_again_) next = accept_again_;
    for (const Connection& connection : connections_) {
      const bool writing = connection.state == Connection::State::kWriting;
      polled.push_back({connection.fd, static_cast<short>(writing ? POLLOUT : POLLIN), 0});
      next = std::min(next, connection.deadline);
    }
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - now);
    poll(polled.data(), polled.size(),
         next == Clock::time_point::max() ? -1 : static_cast<int>(std::max<int64_t>(wait.count(), 0)));
    if (polled[0].revents != 0) return;
    size_t index = 2;
    for (Connection& connection : connections_) {
      if (polled[index++].revents != 0) Advance(connection);
    }
    Sweep();
    if (polled[1].revents != 0) Accept();
  }
}

void HttpServer::Sweep() {
  const Clock::time_point now = Clock::now();
  for (auto connection = connections_.begin(); connection != connections_.end();) {
    if (connection->state == Connection::State::kDone || now >= connection->deadline) {
      close(connection->fd);
      connection = connections_.erase(connection);
    } else {
      ++connection;
    }
  }
}

void HttpServer::Accept() {
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    // The listener stays readable while there is no descriptor for the connection.
    if (!WouldBlock()) accept_again_ = Clock::now() + kWithoutDescriptors;
    return;
  }
  if (connections_.size() >= ConnectionsAllowed(limits_.connections)) {
    close(connections_.front().fd);
    connections_.pop_front();
  }
  Connection connection;
  connection.fd = fd;
  connection.deadline = Clock::now() + limits_.read_time;
  connections_.push_back(std::move(connection));
}

void HttpServer::Advance(Connection& connection) {
  if (connection.state == Connection::State::kWriting) {
    Write(connection);
  } else {
    Read(connection);
  }
}

void HttpServer::Read(Connection& connection) {
  char bytes[4096];
  const ssize_t count = recv(connection.fd, bytes, sizeof(bytes), 0);
  if (count < 0 && WouldBlock()) return;
  if (count <= 0) {
    connection.state = Connection::State::kDone;
    return;
  }
  // What comes after the request is thrown away: closing a socket with unread bytes would cut the answer. But not for
  // ever: a flood would cost as much as training.
  if (connection.state == Connection::State::kLingering) {
    connection.thrown_away += static_cast<size_t>(count);
    if (connection.thrown_away > limits_.linger_bytes) connection.state = Connection::State::kDone;
    return;
  }
  connection.request.append(bytes, static_cast<size_t>(count));
  const size_t end = connection.request.find(kEndOfRequest);
  if (std::min(end, connection.request.size()) > limits_.request_bytes) {
    connection.answer =
        Refusal(431, "a request has at most " + std::to_string(limits_.request_bytes) + " bytes of line and headers");
  } else if (end != std::string::npos) {
    connection.answer = Answer(connection.request);
  } else {
    return;
  }
  connection.state = Connection::State::kWriting;
  connection.deadline = Clock::now() + limits_.write_time;
  Write(connection);
}

void HttpServer::Write(Connection& connection) {
  const ssize_t count = send(connection.fd, connection.answer.data() + connection.written,
                             connection.answer.size() - connection.written, MSG_NOSIGNAL);
  if (count < 0) {
    if (!WouldBlock()) connection.state = Connection::State::kDone;
    return;
  }
  connection.written += static_cast<size_t>(count);
  if (connection.written < connection.answer.size()) return;
  shutdown(connection.fd, SHUT_WR);
  connection.state = Connection::State::kLingering;
  connection.deadline = Clock::now() + limits_.linger;
}

std::string HttpServer::Answer(const std::string& request) const {
  const std::string line = request.substr(0, request.find("\r\n"));
  const size_t method_end = line.find(' ');
  const size_t target_end = line.rfind(' ');
  if (method_end == std::string::npos || target_end <= method_end || line.compare(target_end, 8, " HTTP/1.") != 0 ||
      line[method_end + 1] != '/') {
    return Refusal(400, "a request begins with METHOD /PATH HTTP/1.1");
  }
  const std::string method = line.substr(0, method_end);
  if (method != "GET" && method != "HEAD") return Refusal(405, "the methods are GET and HEAD");
  const std::string target = line.substr(method_end + 1, target_end - method_end - 1);
  return Serialised(handler_(std::string_view(target).substr(0, target.find('?'))), method == "GET");
}

}  // namespace nmn::metrics
