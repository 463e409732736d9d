// What a client sends to the port of --metrics.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>

#include "common/metrics/http_server.h"
#include "tests/fuzz/target.h"

namespace nmn::fuzz {
namespace {

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
  Require(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0, "the server takes connections");
  while (!request.empty()) {
    const ssize_t sent = send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    request.remove_prefix(static_cast<size_t>(sent));
  }
  shutdown(fd, SHUT_WR);
  std::string answer;
  char bytes[4096];
  for (ssize_t count = 0; (count = recv(fd, bytes, sizeof(bytes), 0)) > 0;)
    answer.append(bytes, static_cast<size_t>(count));
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
