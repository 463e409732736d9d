#include "common/metrics/http_client.h"

#include <cstdio>
#include <memory>
#include <utility>

#include "common/metrics/transport.h"
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

// Why a handshake came to nothing.
absl::Status FailureOf(const std::string& name, const tls::Session* session) {
  if (session == nullptr || session->failure() == tls::Session::Failure::kNone)
    return absl::UnavailableError(name + ": the connection was cut");
  if (session->failure() != tls::Session::Failure::kOther)
    return absl::UnimplementedError(name + ": it speaks plain text, not TLS");
  const std::optional<tls::Verdict>& peer = session->peer();
  return absl::UnavailableError(name + ": " +
                                (peer && !peer->accepted() && !peer->known ? peer->sentence : session->reason()));
}

}  // namespace

absl::StatusOr<HttpResponse> HttpGet(const net::Address& address, const std::string& path,
                                     std::chrono::milliseconds timeout, HttpSecurity security, tls::Tls* tls) {
  const Clock::time_point deadline = Clock::now() + timeout;
  const net::Address target = net::Reachable(address);
  const std::string name = net::ToString(target);
  const auto failed = [&](const char* what) { return absl::UnavailableError(name + ": " + what); };
  const absl::StatusOr<fs::Descriptor> socket = net::Dial(target, deadline);
  if (!socket.ok()) return socket.status();
  std::unique_ptr<tls::Session> session;
  if (security == HttpSecurity::kTls) {
    session = tls::Session::Connect(socket->get(), tls);
    if (session == nullptr) return failed("there is no memory for TLS");
  }
  Transport transport(socket->get(), std::move(session));
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: " + name + "\r\n\r\n";
  for (size_t sent = 0; sent < request.size();) {
    const tls::Step step = transport.Write(std::string_view(request).substr(sent));
    sent += step.bytes;
    if (step.bytes > 0) continue;
    if (step.events == 0) return FailureOf(name, transport.session());
    if (!net::Await(socket->get(), step.events, deadline)) return failed("no answer in time");
  }
  std::string answer;
  while (answer.size() <= kMostAnswerBytes) {
    char bytes[16384];
    const tls::Step step = transport.Read(bytes, sizeof(bytes));
    answer.append(bytes, step.bytes);
    if (step.bytes > 0) continue;
    if (step.events == 0) return answer.empty() ? FailureOf(name, transport.session()) : Parse(answer);
    if (!net::Await(socket->get(), step.events, deadline)) return failed("no answer in time");
  }
  return failed("the answer does not end");
}

}  // namespace nmn::metrics
