#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/metrics/transport.h"
#include "common/net/address.h"
#include "common/tls/identity.h"
#include "common/tls/session.h"
#include "common/tls/tls.h"

namespace nmn::metrics {

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};  // beside those that each answer has
};

// What a client hears that sends a request in plain text to a port with TLS.
inline constexpr int kStatusOfPlainText = 400;
inline constexpr std::string_view kSpeaksTls = "this port speaks TLS: the address begins with https://";

// The little of HTTP/1.1 that a scrape needs: GET and HEAD, one request a connection. One thread with poll(2) does all
// of it, so no client can keep more than its own connection busy: their number, the size of a request and the time for
// reading and writing are bounded, handshakes of TLS included. Where there are too many, the oldest makes room.
class HttpServer {
 public:
  // Answers a path, without its query. Called on the server's thread; 404 is its to say.
  using Handler = std::function<HttpResponse(std::string_view path)>;

  // Who comes in. Without `tls` the port is in plain text. With `policy` each client must have a certificate, and a
  // role that may read the path.
  struct Guard {
    std::shared_ptr<tls::Tls> tls;
    tls::Policy policy;
  };

  struct Limits {
    size_t connections = 64;
    size_t request_bytes = 8192;                // line and headers
    std::chrono::milliseconds read_time{5000};  // from the connection to the end of its request
    std::chrono::milliseconds write_time{10000};
    // After the answer, for the client to close: this long, and as long as it sends no more than this.
    std::chrono::milliseconds linger{1000};
    size_t linger_bytes = 64 << 10;
  };

  // UNAVAILABLE: the port is in use; INVALID_ARGUMENT: no address of this machine. Both name `flag`.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const net::Address& address, std::string_view flag,
                                                           Handler handler, Guard guard = {});
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const net::Address& address, std::string_view flag,
                                                           Handler handler, const Limits& limits, Guard guard = {});
  // Cuts what is under way; waits for no client.
  ~HttpServer();

  const net::Address& address() const { return address_; }  // with the port that was taken

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection {
    enum class State { kReading, kWriting, kLingering, kDone };
    int fd;
    Transport transport;
    State state = State::kReading;
    short events = POLLIN;  // to wait for
    Clock::time_point deadline;
    std::string request;
    std::string answer;
    size_t written = 0;
    size_t thrown_away = 0;
  };

  HttpServer(int listener, net::Address address, Handler handler, const Limits& limits, Guard guard);

  void Serve();
  void Accept();
  void Advance(Connection& connection);
  void Read(Connection& connection);
  void ThrowAway(Connection& connection);
  void Fail(Connection& connection);
  void Begin(Connection& connection, std::string answer);
  void Write(Connection& connection);
  std::string Answer(const Connection& connection) const;
  std::string Refused(const Connection& connection, std::string_view path) const;
  void Sweep();

  const int listener_;
  const int stop_;  // eventfd
  const net::Address address_;
  const Handler handler_;
  const Limits limits_;
  const Guard guard_;
  std::optional<tls::Acceptor> acceptor_;  // the thread's; nothing: plain text
  std::list<Connection> connections_;      // oldest first; the thread's
  Clock::time_point accept_again_{};       // after the process had no descriptor left
  std::thread thread_;
};

}  // namespace nmn::metrics
