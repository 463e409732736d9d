#include "common/metrics/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <vector>

#include "common/metrics/http_client.h"

namespace nmn::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::chrono::seconds kLimit{60};
const net::Address kAnyPort{"127.0.0.1", 0};

// A client that does as it likes.
class RawClient {
 public:
  explicit RawClient(const HttpServer& server, int receive_buffer = 0) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.address().port);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~RawClient() { close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False where the server has closed the connection.
  bool Send(const std::string& bytes) { return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0; }
  // All that comes until the server closes.
  std::string ReadAll() {
    std::string all;
    char bytes[4096];
    pollfd polled{fd_, POLLIN, 0};
    while (poll(&polled, 1, std::chrono::milliseconds(kLimit).count()) == 1) {
      const ssize_t count = recv(fd_, bytes, sizeof(bytes), 0);
      if (count <= 0) return all;
      all.append(bytes, static_cast<size_t>(count));
    }
    ADD_FAILURE() << "the server keeps the connection open";
    return all;
  }

 private:
  int fd_;
};

std::unique_ptr<HttpServer> StartServer(HttpServer::Limits limits = {}, std::string body = "metrics\n") {
  auto handler = [body](std::string_view path) {
    HttpResponse response;
    response.status = path == "/metrics" ? 200 : 404;
    if (path == "/metrics") response.body = body;
    return response;
  };
  auto server = HttpServer::Start(kAnyPort, "--metrics", handler, limits);
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

absl::StatusOr<HttpResponse> Get(const HttpServer& server, const std::string& path) {
  return HttpGet(server.address(), path, kLimit);
}

std::string Exchange(const HttpServer& server, const std::string& request) {
  RawClient client(server);
  client.Send(request);
  return client.ReadAll();
}

TEST(HttpServer, AnswersAGet) {
  const auto server = StartServer();
  const auto response = Get(*server, "/metrics?name=ignored");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "metrics\n");
}

// What monitoring has seen from the first version on, byte for byte.
TEST(HttpServer, AnAnswerHasTheseHeadersAndNoOthers) {
  EXPECT_EQ(Exchange(*StartServer(), "GET /metrics HTTP/1.1\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 8\r\n"
            "Connection: close\r\n\r\nmetrics\n");
}

TEST(HttpServer, SendsTheHeadersOfAnAnswer) {
  const auto server = *HttpServer::Start(kAnyPort, "--metrics", [](std::string_view) {
    return HttpResponse{
        200, "text/html", "<p>", {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}}};
  });
  EXPECT_EQ(Exchange(*server, "HEAD / HTTP/1.1\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\nConnection: close\r\n"
            "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n");
}

TEST(HttpGet, HasTheHeadersOfTheAnswer) {
  const auto server = *HttpServer::Start(kAnyPort, "--metrics", [](std::string_view) {
    return HttpResponse{200, "text/html", "a: b\r\n\r\n", {{"Cache-Control", "no-store"}}};
  });
  const HttpResponse answer = *Get(*server, "/");
  EXPECT_EQ(answer.content_type, "text/html");
  EXPECT_EQ(answer.body, "a: b\r\n\r\n");
  EXPECT_THAT(answer.headers,
              ::testing::ElementsAre(std::pair("Content-Type", "text/html"), std::pair("Content-Length", "8"),
                                     std::pair("Connection", "close"), std::pair("Cache-Control", "no-store")));
}

TEST(HttpServer, AnswersAHeadWithoutTheBody) {
  const std::string answer = Exchange(*StartServer(), "HEAD /metrics HTTP/1.1\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_THAT(answer, ::testing::EndsWith("\r\n\r\n"));
}

TEST(HttpServer, SendsAnAnswerLargerThanTheSocketsBuffers) {
  const std::string body(8 << 20, 'x');
  const auto server = StartServer({}, body);
  const auto response = Get(*server, "/metrics");
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, body);
}

TEST(HttpServer, RefusesAnUnknownPath) { EXPECT_EQ(Get(*StartServer(), "/etc/passwd")->status, 404); }

TEST(HttpServer, RefusesOtherMethodsAndNamesTheLegalOnes) {
  const std::string answer = Exchange(*StartServer(), "POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD\r\n"));
}

TEST(HttpServer, RefusesWhatIsNoRequest) {
  const auto server = StartServer();
  for (const char* request : {"\r\n\r\n", "GET\r\n\r\n", "GET /metrics\r\n\r\n", "GET  HTTP/1.1\r\n\r\n",
                              "GET metrics HTTP/1.1\r\n\r\n", "\x16\x03\x01\r\n\r\n"}) {
    EXPECT_THAT(Exchange(*server, request), StartsWith("HTTP/1.1 400 ")) << request;
  }
}

TEST(HttpServer, RefusesARequestThatIsTooLong) {
  const auto server = StartServer();
  EXPECT_THAT(Exchange(*server, "GET /" + std::string(20000, 'a')), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(Exchange(*server, "GET / HTTP/1.1\r\nX: " + std::string(20000, 'a') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
}

TEST(HttpServer, TakesARequestByteByByte) {
  const auto server = StartServer();
  RawClient client(*server);
  for (const char byte : std::string("GET /metrics HTTP/1.1\r\n\r\n")) client.Send(std::string(1, byte));
  EXPECT_THAT(client.ReadAll(), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, CutsAClientThatDoesNotFinishItsRequest) {
  HttpServer::Limits limits;
  limits.read_time = std::chrono::milliseconds(50);
  const auto server = StartServer(limits);
  RawClient client(*server);
  client.Send("GET /metr");
  EXPECT_EQ(client.ReadAll(), "");
}

TEST(HttpServer, CutsAClientThatReadsTooSlowly) {
  HttpServer::Limits limits;
  limits.write_time = std::chrono::milliseconds(50);
  const std::string body(64 << 20, 'x');
  const auto server = StartServer(limits, body);
  RawClient slow(*server, 4096);
  slow.Send("GET /metrics HTTP/1.1\r\n\r\n");
  // The one thread still has time for others while that one does not read.
  EXPECT_EQ(Get(*server, "/other")->status, 404);
  poll(nullptr, 0, 500);  // the client's own slowness: ten times what the server allows
  EXPECT_LT(slow.ReadAll().size(), body.size());
}

TEST(HttpServer, CutsAClientThatSendsOnAfterItsAnswer) {
  HttpServer::Limits limits;
  limits.linger = kLimit;
  const auto server = StartServer(limits);
  RawClient client(*server);
  const std::string request = "GET /metrics HTTP/1.1\r\n\r\n";
  size_t sent = 0;
  while (client.Send(request)) ASSERT_LT(sent += request.size(), size_t{64} << 20);
  EXPECT_GE(sent, limits.linger_bytes);
}

// Clients that begin to ask and go no further, the oldest first.
std::vector<std::unique_ptr<RawClient>> HalfOpen(const HttpServer& server, int count) {
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<RawClient>(server));
    clients.back()->Send("GET /");
  }
  return clients;
}

TEST(HttpServer, AnswersWhileMoreHalfOpenConnectionsThanItTakesAreThere) {
  HttpServer::Limits limits;
  limits.connections = 4;
  limits.read_time = std::chrono::minutes(10);
  const auto server = StartServer(limits);
  const auto hanging = HalfOpen(*server, 20);
  EXPECT_EQ(Get(*server, "/metrics")->status, 200);
  EXPECT_EQ(hanging.front()->ReadAll(), "");  // the oldest made room
}

// 60 files of which a run needs 48: six readers, and the first of more goes.
TEST(HttpServer, LeavesTheRunItsDescriptors) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  HttpServer::Limits limits;
  limits.read_time = std::chrono::minutes(10);
  const auto server = StartServer(limits);
  const auto hanging = HalfOpen(*server, 7);
  const rlimit few{60, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto answer = Get(*server, "/metrics");
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(hanging.front()->ReadAll(), "");
}

TEST(HttpServer, AnswersManyAtOnce) {
  const auto server = StartServer();
  std::vector<std::future<int>> clients;
  for (int c = 0; c < 8; ++c) {
    clients.push_back(std::async(std::launch::async, [&server] {
      int answered = 0;
      for (int i = 0; i < 50; ++i) {
        const auto response = Get(*server, "/metrics");
        answered += response.ok() && response->status == 200;
      }
      return answered;
    }));
  }
  for (auto& client : clients) EXPECT_EQ(client.get(), 50);
}

TEST(HttpServer, StopsWhileClientsHang) {
  auto server = StartServer({}, std::string(64 << 20, 'x'));
  RawClient silent(*server);
  RawClient half(*server);
  half.Send("GET /metr");
  RawClient slow(*server, 4096);
  slow.Send("GET /metrics HTTP/1.1\r\n\r\n");
  EXPECT_EQ(Get(*server, "/other")->status, 404);
  const auto start = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, HttpServer::Limits().read_time);
}

TEST(HttpServer, APortInUseIsAnErrorThatNamesTheFlag) {
  const auto server = StartServer();
  const auto second =
      HttpServer::Start(server->address(), "--metrics", [](std::string_view) { return HttpResponse(); });
  EXPECT_TRUE(absl::IsUnavailable(second.status()));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("--metrics=127.0.0.1:"));
}

TEST(HttpGet, SaysWhenNobodyListens) {
  const net::Address address = StartServer()->address();
  EXPECT_TRUE(absl::IsUnavailable(HttpGet(address, "/metrics", kLimit).status()));
}

TEST(HttpGet, GivesUpOnAServerThatDoesNotAnswer) {
  const auto listener = net::Listen(kAnyPort, "--metrics");
  ASSERT_TRUE(listener.ok());
  const auto answer = HttpGet({"127.0.0.1", listener->port}, "/metrics", std::chrono::milliseconds(50));
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("no answer in time"));
  close(listener->fd);
}

}  // namespace
}  // namespace nmn::metrics
