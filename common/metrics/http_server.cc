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

constexpr char kTlsHandshake = 0x16;  // the first byte of TLS
constexpr char kEndOfRequest[] = "\r\n\r\n";
constexpr std::chrono::milliseconds kWithoutDescriptors(100);

const char* Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
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
                                                              Handler handler, Guard guard) {
  return Start(address, flag, std::move(handler), Limits(), std::move(guard));
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const net::Address& address, std::string_view flag,
                                                              Handler handler, const Limits& limits, Guard guard) {
  absl::StatusOr<net::Listener> listener = net::Listen(address, flag);
  if (!listener.ok()) return listener.status();
  return std::unique_ptr<HttpServer>(
      new HttpServer(listener->fd, {address.host, listener->port}, std::move(handler), limits, std::move(guard)));
}

HttpServer::HttpServer(int listener, net::Address address, Handler handler, const Limits& limits, Guard guard)
    : listener_(listener),
      stop_(eventfd(0, EFD_CLOEXEC)),
      address_(std::move(address)),
      handler_(std::move(handler)),
      limits_(limits),
      guard_(std::move(guard)) {
  if (guard_.tls != nullptr) acceptor_.emplace(guard_.tls, /*asks=*/guard_.policy != nullptr);
  thread_ = std::thread([this] { Serve(); });
}

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
      polled.push_back({connection.fd, connection.events, 0});
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
  std::unique_ptr<tls::Session> session = acceptor_ ? acceptor_->Accept(fd) : nullptr;
  if (acceptor_ && session == nullptr) {  // no memory
    close(fd);
    return;
  }
  connections_.push_back({.fd = fd,
                          .transport = Transport(fd, std::move(session)),
                          .deadline = Clock::now() + limits_.read_time,
                          .request = "",
                          .answer = ""});
}

void HttpServer::Advance(Connection& connection) {
  switch (connection.state) {
    case Connection::State::kReading:
      Read(connection);
      break;
    case Connection::State::kWriting:
      Write(connection);
      break;
    case Connection::State::kLingering:
      ThrowAway(connection);
      break;
    case Connection::State::kDone:
      break;
  }
}

void HttpServer::Read(Connection& connection) {
  do {
    char bytes[4096];
    const tls::Step step = connection.transport.Read(bytes, sizeof(bytes));
    if (step.bytes == 0) {
      connection.events = step.events;
      if (step.events == 0) Fail(connection);
      return;
    }
    connection.events = POLLIN;
    connection.request.append(bytes, step.bytes);
    if (!acceptor_ && connection.request.front() == kTlsHandshake) {
      // Its client waits for an answer, and not for the end of a request.
      Begin(connection, Refusal(400, "this port speaks plain text: the address begins with http://"));
      return;
    }
    const size_t end = connection.request.find(kEndOfRequest);
    if (std::min(end, connection.request.size()) > limits_.request_bytes) {
      Begin(connection, Refusal(431, "a request has at most " + std::to_string(limits_.request_bytes) +
                                         " bytes of line and headers"));
      return;
    }
    if (end != std::string::npos) {
      Begin(connection, Answer(connection));
      return;
    }
  } while (connection.transport.pending());
}

// What comes after the request is thrown away: closing a socket with unread bytes would cut the answer. But not for
// ever: a flood would cost as much as training. In TLS these bytes need not be read.
void HttpServer::ThrowAway(Connection& connection) {
  char bytes[4096];
  const ssize_t count = recv(connection.fd, bytes, sizeof(bytes), 0);
  if (count < 0 && WouldBlock()) return;
  if (count > 0) connection.thrown_away += static_cast<size_t>(count);
  if (count <= 0 || connection.thrown_away > limits_.linger_bytes) connection.state = Connection::State::kDone;
}

// The connection is over, or its handshake has failed. A client with an address of http:// hears so in plain text; any
// other has been told in TLS, if at all.
void HttpServer::Fail(Connection& connection) {
  const tls::Session* session = connection.transport.session();
  if (session == nullptr || session->failure() == tls::Session::Failure::kNone) {
    connection.state = Connection::State::kDone;
    return;
  }
  const bool http = session->failure() == tls::Session::Failure::kPlainHttp;
  connection.transport.DropSession();
  Begin(connection, http ? Refusal(kStatusOfPlainText, std::string(kSpeaksTls)) : "");
}

void HttpServer::Begin(Connection& connection, std::string answer) {
  connection.answer = std::move(answer);
  connection.state = Connection::State::kWriting;
  connection.deadline = Clock::now() + limits_.write_time;
  Write(connection);
}

void HttpServer::Write(Connection& connection) {
  if (connection.written < connection.answer.size()) {
    const tls::Step step = connection.transport.Write(std::string_view(connection.answer).substr(connection.written));
    connection.written += step.bytes;
    connection.events = POLLOUT;
    if (step.bytes == 0) connection.events = step.events;
    if (connection.events == 0) connection.state = Connection::State::kDone;
    if (connection.written < connection.answer.size()) return;
  }
  connection.events = connection.transport.Close();
  if (connection.events != 0) return;
  connection.events = POLLIN;
  connection.state = Connection::State::kLingering;
  connection.deadline = Clock::now() + limits_.linger;
}

std::string HttpServer::Answer(const Connection& connection) const {
  const std::string line = connection.request.substr(0, connection.request.find("\r\n"));
  const size_t method_end = line.find(' ');
  const size_t target_end = line.rfind(' ');
  if (method_end == std::string::npos || target_end <= method_end || line.compare(target_end, 8, " HTTP/1.") != 0 ||
      line[method_end + 1] != '/') {
    return Refusal(400, "a request begins with METHOD /PATH HTTP/1.1");
  }
  const std::string method = line.substr(0, method_end);
  if (method != "GET" && method != "HEAD") return Refusal(405, "the methods are GET and HEAD");
  const std::string target = line.substr(method_end + 1, target_end - method_end - 1);
  const std::string_view path = std::string_view(target).substr(0, target.find('?'));
  if (std::string refusal = Refused(connection, path); !refusal.empty()) return refusal;
  return Serialised(handler_(path), method == "GET");
}

// Empty: the client may read the path.
std::string HttpServer::Refused(const Connection& connection, std::string_view path) const {
  if (!guard_.policy) return "";
  const std::optional<tls::Verdict>& peer = connection.transport.session()->peer();
  if (!peer) return Refusal(403, "a certificate is needed here");
  if (!peer->accepted()) {
    guard_.tls->Refuse(*peer->refusal, peer->sentence);
    return Refusal(403, peer->sentence);
  }
  const std::vector<tls::Role> roles = guard_.policy(path);
  if (std::find(roles.begin(), roles.end(), peer->identity.role) != roles.end()) return "";
  const std::string sentence =
      ToString(peer->identity) + " may not read this page; that needs a certificate of " + tls::HoldersOf(roles);
  guard_.tls->Refuse(tls::Refusal::kWrongRole, sentence);
  return Refusal(403, sentence);
}

}  // namespace nmn::metrics
