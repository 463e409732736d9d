// The port of --metrics in TLS, over real sockets.

#include <gmock/gmock.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <functional>

#include "common/metrics/exporter.h"
#include "common/metrics/http_client.h"
#include "common/metrics/http_server.h"
#include "common/net/dial.h"
#include "tests/support/lab.h"

namespace nmn::metrics {
namespace {

using ::nmn::testing::FilesIn;
using ::nmn::testing::kDay;
using ::nmn::testing::Lab;
using ::testing::AllOf;
using ::testing::HasSubstr;
using tls::Refusal;
using tls::Role;

constexpr std::chrono::seconds kLimit{60};
constexpr std::chrono::milliseconds kOften{5};
const net::Address kAnyPort{"127.0.0.1", 0};

std::shared_ptr<tls::Tls> Open(const std::string& folder, const std::string& revoked = "") {
  tls::Files files = FilesIn(folder);
  files.revoked = revoked;
  return *tls::Tls::Open({.files = files, .look_every = kOften});
}

// A page for operators, and one for whoever has a certificate.
std::vector<Role> MayRead(std::string_view path) {
  if (path == "/healthz") return {Role::kActor, Role::kLearner, Role::kOperator};
  return {Role::kOperator};
}

// A port with TLS, and its authority.
class Port {
 public:
  explicit Port(bool asks, HttpServer::Limits limits = {}, std::string body = "metrics\n") {
    nmn::testing::WriteFile(revoked_, "");
    folder_ = lab_.Write("learner", lab_.Issue("nmn://learner/localhost"));
    tls_ = Open(folder_, revoked_);
    HttpServer::Guard guard{.tls = tls_, .policy = nullptr};
    if (asks) guard.policy = MayRead;
    auto server = HttpServer::Start(
        kAnyPort, "--metrics",
        [body](std::string_view) {
          return HttpResponse{200, "text/plain", body};
        },
        limits, guard);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  const Lab& lab() const { return lab_; }
  const std::string& folder() const { return folder_; }
  const std::string& revoked() const { return revoked_; }
  tls::Tls& tls() { return *tls_; }
  HttpServer& server() const { return *server_; }
  void Stop() { server_.reset(); }
  // How often; waits for the first, which the client may know of before it is counted.
  uint64_t refused(Refusal reason) const {
    const auto deadline = std::chrono::steady_clock::now() + kLimit;
    uint64_t count = 0;
    while ((count = tls_->state().refused[static_cast<size_t>(reason)]) == 0 &&
           std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    return count;
  }

  // What a client with this certificate gets; without a folder it has none.
  absl::StatusOr<HttpResponse> Get(const std::string& folder, const std::string& path = "/metrics") const {
    const std::shared_ptr<tls::Tls> own = folder.empty() ? nullptr : Open(folder);
    return HttpGet(server_->address(), path, kLimit, HttpSecurity::kTls, own.get());
  }
  // The same for one that our programs would not start with.
  std::string Raw(const tls::KeyPair* pair, int version = TLS1_3_VERSION,
                  const std::string& request = "GET /metrics HTTP/1.1\r\n\r\n") const;

 private:
  const Lab lab_;
  const std::string revoked_ = lab_.path() + "/revoked";
  std::string folder_;
  std::shared_ptr<tls::Tls> tls_;
  std::unique_ptr<HttpServer> server_;
};

using Ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;

// What OpenSSL's own client gets, "VERSION: answer", or why it got nothing.
std::string Port::Raw(const tls::KeyPair* pair, int version, const std::string& request) const {
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  const auto socket = net::Dial(server_->address(), deadline);
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), version);
  if (pair != nullptr) {
    SSL_CTX_use_certificate(context.get(), pair->certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), pair->key.get());
  }
  const Ssl ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), socket->get());
  const auto step = [&](const std::function<int()>& act) {
    while (true) {
      const int result = act();
      if (result > 0) return result;
      const int error = SSL_get_error(ssl.get(), result);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return -error;
      net::Await(socket->get(), error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline);
    }
  };
  if (step([&] { return SSL_connect(ssl.get()); }) < 0) return tls::OpenSslError();
  if (step([&] { return SSL_write(ssl.get(), request.data(), static_cast<int>(request.size())); }) < 0)
    return tls::OpenSslError();
  std::string answer;
  char bytes[4096];
  int count = 0;
  while ((count = step([&] { return SSL_read(ssl.get(), bytes, sizeof(bytes)); })) > 0)
    answer.append(bytes, static_cast<size_t>(count));
  // The end of the answer is said in TLS: nobody in between has cut it.
  if (count != -SSL_ERROR_ZERO_RETURN) return tls::OpenSslError();
  return std::string(SSL_get_version(ssl.get())) + ": " + answer;
}

// A client in plain text.
std::string Plain(const HttpServer& server, const std::string& bytes) {
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  const auto socket = net::Dial(server.address(), deadline);
  EXPECT_EQ(send(socket->get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  std::string all;
  char buffer[4096];
  while (net::Await(socket->get(), POLLIN, deadline)) {
    const ssize_t count = recv(socket->get(), buffer, sizeof(buffer), 0);
    if (count <= 0) return all;
    all.append(buffer, static_cast<size_t>(count));
  }
  ADD_FAILURE() << "the server keeps the connection open";
  return all;
}

TEST(HttpTls, ServesWhoeverSpeaksTlsWhereItAsksForNoCertificate) {
  const Port port(/*asks=*/false);
  EXPECT_THAT(port.Raw(nullptr), AllOf(HasSubstr("TLSv1.3: HTTP/1.1 200"), HasSubstr("\r\n\r\nmetrics\n")));
  EXPECT_THAT(port.Raw(nullptr, TLS1_2_VERSION), HasSubstr("TLSv1.2: HTTP/1.1 200"));
  const auto answer = port.Get("");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->body, "metrics\n");
}

TEST(HttpTls, RefusesTls11) {
  const Port port(/*asks=*/false);
  EXPECT_THAT(port.Raw(nullptr, TLS1_1_VERSION), HasSubstr("alert protocol version"));
  EXPECT_EQ(port.refused(Refusal::kOldProtocol), 1u);
}

TEST(HttpTls, AnOperatorComesIn) {
  const Port port(/*asks=*/true);
  const auto answer = port.Get(port.lab().Write("ann", port.lab().Issue("nmn://operator/ann")));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "metrics\n");
}

TEST(HttpTls, WhoHasNoGoodCertificateHearsWhy) {
  Port port(/*asks=*/true);
  const Lab& lab = port.lab();
  const Lab other;
  const auto expired = lab.Issue("nmn://operator/ann", -2 * kDay, -kDay);
  const auto early = lab.Issue("nmn://operator/ann", kDay, 2 * kDay);
  const auto foreign = other.Issue("nmn://operator/ann");
  const auto self_signed = *tls::IssueSelfSigned(Lab::Request("nmn://operator/ann"));
  const auto nobody = lab.Issue("https://ann");
  const auto learner = lab.Issue("nmn://learner/localhost");
  const auto revoked = lab.Issue("nmn://operator/eve");
  nmn::testing::WriteFile(port.revoked(), revoked.certificate.serial() + "\n");
  while (port.tls().material()->trust.JudgeClient(revoked.certificate, {}, tls::UnixNow()).accepted())
    std::this_thread::yield();
  const struct {
    const tls::KeyPair* pair;
    Refusal reason;
    std::string client;
    std::string server;
  } cases[] = {
      {nullptr, Refusal::kNoCertificate, "alert certificate required", "has no certificate"},
      {&foreign, Refusal::kUnknownAuthority, "alert unknown ca", "is signed by another authority"},
      {&self_signed, Refusal::kSelfSigned, "alert unknown ca", "signs itself"},
      {&expired, Refusal::kExpired, "403 Forbidden", "expired on"},
      {&early, Refusal::kNotYetValid, "403 Forbidden", "is not valid before"},
      {&nobody, Refusal::kNoIdentity, "403 Forbidden", "it says of nobody who that is"},
      {&revoked, Refusal::kRevoked, "403 Forbidden", "is revoked"},
      {&learner, Refusal::kWrongRole, "403 Forbidden",
       "nmn://learner/localhost may not read this page; that needs a certificate of nmn://operator/.."},
  };
  for (const auto& refused : cases) {
    const std::string client = port.Raw(refused.pair);
    SCOPED_TRACE(client);
    EXPECT_THAT(client, HasSubstr(refused.client));
    EXPECT_EQ(port.refused(refused.reason), 1u);
    EXPECT_THAT(port.tls().TakeRefusal(), HasSubstr(refused.server));
    // Who is of this authority hears the sentence, a stranger does not.
    if (client.find("403") != std::string::npos) {
      EXPECT_THAT(client, HasSubstr(refused.server));
    }
    EXPECT_EQ(client.find("metrics\n"), std::string::npos);
  }
  EXPECT_THAT(port.Raw(&learner, TLS1_3_VERSION, "GET /healthz HTTP/1.1\r\n\r\n"), HasSubstr("200 OK"));
}

TEST(HttpTls, PlainTextIsToldOrCut) {
  const Port port(/*asks=*/true);
  EXPECT_THAT(Plain(port.server(), "GET /metrics HTTP/1.1\r\n\r\n"),
              AllOf(HasSubstr("HTTP/1.1 400 "), HasSubstr("this port speaks TLS: the address begins with https://")));
  EXPECT_EQ(Plain(port.server(), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").find("HTTP"), std::string::npos);
  EXPECT_EQ(port.refused(Refusal::kPlainText), 2u);
}

TEST(HttpTls, AClientOfTlsIsToldOfAPortInPlainText) {
  const auto server = *HttpServer::Start(kAnyPort, "--metrics", [](std::string_view) { return HttpResponse(); });
  const auto answer = HttpGet(server->address(), "/", kLimit, HttpSecurity::kTls);
  EXPECT_TRUE(absl::IsUnimplemented(answer.status())) << answer.status();
}

// Of OpenSSL's own certificate: its serial number.
std::string SerialOf(const HttpServer& server) {
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  const auto socket = net::Dial(server.address(), deadline);
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const Ssl ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), socket->get());
  int result = 0;
  while ((result = SSL_connect(ssl.get())) != 1 && SSL_get_error(ssl.get(), result) == SSL_ERROR_WANT_READ)
    net::Await(socket->get(), POLLIN, deadline);
  X509* const shown = SSL_get1_peer_certificate(ssl.get());
  return shown == nullptr ? "" : tls::Certificate(std::shared_ptr<X509>(shown, X509_free)).serial();
}

TEST(HttpTls, ANewCertificateIsTakenUp) {
  Port port(/*asks=*/false);
  const std::string before = SerialOf(port.server());
  EXPECT_EQ(before, port.tls().material()->certificate.serial());
  const tls::KeyPair next = port.lab().Issue("nmn://learner/localhost");
  port.lab().Write("learner", next);
  while (port.tls().state().reloads == 0) std::this_thread::yield();
  EXPECT_EQ(SerialOf(port.server()), next.certificate.serial());
  EXPECT_NE(before, next.certificate.serial());
}

// The first bytes of a client's hello, and no more.
fs::Descriptor HalfOpen(const HttpServer& server) {
  auto socket = *net::Dial(server.address(), std::chrono::steady_clock::now() + kLimit);
  const char hello[] = {0x16, 0x03, 0x01, 0x01, 0x00, 0x01};
  EXPECT_EQ(send(socket.get(), hello, sizeof(hello), MSG_NOSIGNAL), static_cast<ssize_t>(sizeof(hello)));
  return socket;
}

TEST(HttpTls, HandshakesThatGoNowhereHoldUpNobody) {
  HttpServer::Limits limits;
  limits.connections = 4;
  limits.read_time = std::chrono::minutes(10);
  const Port port(/*asks=*/false, limits);
  std::vector<fs::Descriptor> hanging;
  for (int i = 0; i < 20; ++i) {
    hanging.push_back(HalfOpen(port.server()));
    EXPECT_EQ(port.Get("")->status, 200);
  }
  char byte;
  ASSERT_TRUE(net::Await(hanging.front().get(), POLLIN, std::chrono::steady_clock::now() + kLimit));
  EXPECT_LE(recv(hanging.front().get(), &byte, 1, 0), 0);  // the oldest made room
}

TEST(HttpTls, AHandshakeIsCutWhenItsTimeIsOver) {
  HttpServer::Limits limits;
  limits.read_time = std::chrono::milliseconds(50);
  const Port port(/*asks=*/true, limits);
  const fs::Descriptor socket = HalfOpen(port.server());
  ASSERT_TRUE(net::Await(socket.get(), POLLIN, std::chrono::steady_clock::now() + kLimit));
  char byte;
  EXPECT_LE(recv(socket.get(), &byte, 1, 0), 0);
}

TEST(HttpTls, SendsAnAnswerLargerThanTheSocketsBuffers) {
  const std::string body(8 << 20, 'x');
  const Port port(/*asks=*/false, {}, body);
  const auto answer = port.Get("");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->body == body) << answer->body.size();
}

TEST(HttpTls, TakesARequestOfManyRecordsAndRefusesOneThatIsTooLong) {
  const Port port(/*asks=*/false);
  EXPECT_THAT(port.Raw(nullptr, TLS1_3_VERSION, "GET /" + std::string(8000, 'a') + " HTTP/1.1\r\n\r\n"),
              HasSubstr("200 OK"));
  EXPECT_THAT(port.Raw(nullptr, TLS1_3_VERSION, "GET /" + std::string(20000, 'a')), HasSubstr(" 431 "));
}

TEST(HttpTls, StopsWhileClientsHang) {
  Port port(/*asks=*/true);
  const fs::Descriptor one = HalfOpen(port.server()), another = HalfOpen(port.server());
  EXPECT_THAT(Plain(port.server(), "GET / HTTP/1.1\r\n\r\n"), HasSubstr(" 400 "));
  const auto start = std::chrono::steady_clock::now();
  port.Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - start, HttpServer::Limits().read_time);
}

std::unique_ptr<Exporter> StartExporter(PortProtection protection, std::shared_ptr<tls::Tls> tls) {
  auto exporter = Exporter::Start({.address = "127.0.0.1:0", .protection = protection, .tls = std::move(tls)});
  EXPECT_TRUE(exporter.ok()) << exporter.status();
  return *std::move(exporter);
}

std::string AddressOf(const Exporter& exporter) {
  const std::string url = exporter.url();
  const size_t begin = url.find("://") + 3;
  return url.substr(begin, url.find("/metrics") - begin);
}

TEST(ExporterTls, PagesAreForOperatorsAndActorsAndHealthForAll) {
  const Lab lab;
  const auto exporter = StartExporter(PortProtection::kMutual, Open(lab.Write("a", lab.Issue("nmn://actor/a"))));
  EXPECT_THAT(exporter->page_url(), ::testing::StartsWith("https://127.0.0.1:"));
  const auto get = [&](const std::string& uri, const std::string& path) {
    const auto own = Open(lab.Write("client", lab.Issue(uri)));
    return HttpGet(*net::ParseAddress(AddressOf(*exporter), "--metrics"), path, kLimit, HttpSecurity::kTls, own.get())
        ->status;
  };
  for (const char* uri : {"nmn://operator/ann", "nmn://actor/b"}) {
    EXPECT_EQ(get(uri, "/metrics"), 200) << uri;
    EXPECT_EQ(get(uri, "/healthz"), 200) << uri;
  }
  EXPECT_EQ(get("nmn://learner/b", "/metrics"), 403);
  EXPECT_EQ(get("nmn://learner/b", "/healthz"), 200);
}

TEST(CheckHealthTls, AsksWithTheProcesssOwnCertificate) {
  const Lab lab;
  const auto tls = Open(lab.Write("a", lab.Issue("nmn://actor/a")));
  const auto mutual = StartExporter(PortProtection::kMutual, tls);
  const auto server = StartExporter(PortProtection::kServer, tls);
  const auto plain = StartExporter(PortProtection::kPlainText, nullptr);
  for (const auto* exporter : {&mutual, &server, &plain})
    EXPECT_EQ(CheckHealth(AddressOf(**exporter), kLimit, "", tls.get()), absl::OkStatus());
  EXPECT_EQ(CheckHealth(AddressOf(*mutual), kLimit, "mutual", tls.get()), absl::OkStatus());
  EXPECT_EQ(CheckHealth(AddressOf(*server), kLimit, "server"), absl::OkStatus());
  EXPECT_THAT(std::string(CheckHealth(AddressOf(*mutual), kLimit).message()),
              HasSubstr("it speaks TLS; give --tls=DIR as it has, or --metrics_tls=server"));
  EXPECT_THAT(std::string(CheckHealth(AddressOf(*mutual), kLimit, "server").message()),
              HasSubstr("certificate required"));
  EXPECT_THAT(std::string(CheckHealth(AddressOf(*plain), kLimit, "mutual", tls.get()).message()),
              HasSubstr("it speaks plain text, not TLS"));
  const Lab other;
  const auto foreign = Open(other.Write("a", other.Issue("nmn://actor/a")));
  EXPECT_THAT(std::string(CheckHealth(AddressOf(*server), kLimit, "", foreign.get()).message()),
              HasSubstr("is signed by another authority"));
}

TEST(ResolveProtection, IsPlainTextOnLoopbackAndMutualElsewhere) {
  const net::Protection none, tls{.tls = true}, insecure{.insecure = true};
  const auto is = [](const char* address, const char* word, const net::Protection& protection) {
    const auto resolved = ResolveProtection(address, word, protection);
    EXPECT_TRUE(resolved.ok()) << resolved.status();
    return resolved.value_or(PortProtection::kPlainText);
  };
  EXPECT_EQ(is("127.0.0.1:9464", "", none), PortProtection::kPlainText);
  EXPECT_EQ(is("localhost:0", "", tls), PortProtection::kPlainText);
  EXPECT_EQ(is("0.0.0.0:9464", "", tls), PortProtection::kMutual);
  EXPECT_EQ(is("0.0.0.0:9464", "", insecure), PortProtection::kPlainText);
  EXPECT_EQ(is("0.0.0.0:9464", "off", none), PortProtection::kPlainText);
  EXPECT_EQ(is("0.0.0.0:9464", "off", tls), PortProtection::kPlainText);
  EXPECT_EQ(is("0.0.0.0:9464", "server", tls), PortProtection::kServer);
  EXPECT_EQ(is("127.0.0.1:9464", "mutual", tls), PortProtection::kMutual);
  EXPECT_EQ(is("off", "", none), PortProtection::kPlainText);
  const auto refused = [&](const char* address, const char* word, const net::Protection& protection) {
    const absl::Status status = ResolveProtection(address, word, protection).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(refused("0.0.0.0:9464", "", none), AllOf(HasSubstr("--metrics=0.0.0.0:9464 leads to other machines"),
                                                       HasSubstr("--tls=DIR"), HasSubstr("--metrics_tls=off")));
  EXPECT_THAT(refused("127.0.0.1:0", "both", tls), HasSubstr("--metrics_tls=both: it must be off, server or mutual"));
  EXPECT_THAT(refused("127.0.0.1:0", "server", none), HasSubstr("--metrics_tls=server needs a certificate"));
  EXPECT_THAT(refused("nonsense", "", none), HasSubstr("--metrics=nonsense"));
}

}  // namespace
}  // namespace nmn::metrics
