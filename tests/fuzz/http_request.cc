// What a client sends to the port of --metrics.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "common/metrics/http_server.h"
#include "tests/fuzz/target.h"

namespace nmn::fuzz {
namespace {

// 0, or the errno of a connection that did not come about. A port that was used before may have to wait for a second
// (TIME_WAIT at the server), and libFuzzer's alarm comes meanwhile: the connection goes on, and poll knows its end.
int Connect(int fd, const sockaddr_in& to) {
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) return 0;
  if (errno != EINTR) return errno;
  constexpr int kMilliseconds = 5000;
  pollfd done{.fd = fd, .events = POLLOUT, .revents = 0};
  int ready = 0;
  while ((ready = poll(&done, 1, kMilliseconds)) < 0 && errno == EINTR) {
  }
  int error = ETIMEDOUT;
  socklen_t size = sizeof(error);
  if (ready > 0) getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

// The whole answer of a server that closes after it.
std::string Exchange(int port, std::string_view request) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // The server closes first, so its end waits for a while (TIME_WAIT), and one address of ours has too few ports.
  static uint32_t calls = 0;
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + calls++ % 1000);
  Require(bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof(from)) == 0, "there is a port for a client");
  const int refused = Connect(fd, to);
  if (refused != 0) std::fprintf(stderr, "connect: %s\n", std::strerror(refused));
  Require(refused == 0, "the server takes connections");
  while (!request.empty()) {
    const ssize_t sent = send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    request.remove_prefix(static_cast<size_t>(sent));
  }
  shutdown(fd, SHUT_WR);
  std::string answer;
  char bytes[4096];
  for (ssize_t count = 0; (count = recv(fd, bytes, sizeof(bytes), 0)) > 0 || (count < 0 && errno == EINTR);)
    answer.append(bytes, static_cast<size_t>(std::max<ssize_t>(count, 0)));
  const linger reset{.l_onoff = 1, .l_linger = 0};  // leaves no port in TIME_WAIT
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  close(fd);
  return answer;
}

metrics::HttpResponse Answer(std::string_view path) {
  Require(path.starts_with('/') && path.find('?') == std::string_view::npos, "a handler gets a path alone");
  if (path == "/metrics") return {.body = "nmn_update 1\n"};
  return {.status = 404, .body = "no such page\n"};
}

}  // namespace

void ReadHttpRequest(std::string_view input) {
  static const std::unique_ptr<metrics::HttpServer> server =
      *metrics::HttpServer::Start({"127.0.0.1", 0}, "--metrics", Answer);
  const std::string answer = Exchange(server->address().port, input);
  if (input.find("\r\n\r\n") == std::string_view::npos) return;
  bool known = answer.empty() && input.size() > 8192;  // cut before it was read
  for (const char* status : {"200", "400", "404", "405", "431"})
    known = known || answer.starts_with(std::string("HTTP/1.1 ") + status + " ");
  Require(known, "a whole request has an answer that is known");
}

}  // namespace nmn::fuzz
