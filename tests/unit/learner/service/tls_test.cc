// Who comes in at the learner's port. What counts as "in" is counted inside the learner: handlers that ran.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <functional>
#include <numeric>

#include "common/net/dial.h"
#include "common/net/health.h"
#include "common/net/status.h"
#include "common/tls/credentials.h"
#include "common/tls/explain.h"
#include "learner/metrics/learner_metrics.h"
#include "tests/fault/row.h"
#include "tests/support/lab.h"
#include "tests/unit/learner/service/learner_fixture.h"

namespace nmn::service {
namespace {

using ::nmn::testing::FilesIn;
using ::nmn::testing::kDay;
using ::nmn::testing::Lab;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using tls::Refusal;

constexpr auto kLimit = std::chrono::seconds(10);

// A learner with TLS, or without, and what happened within it.
class GuardedLearner {
 public:
  explicit GuardedLearner(const Lab& lab, bool with_tls = true, const std::string& revoked = "")
      : exporter_(*metrics::Exporter::Start({.address = "off"})) {
    LearnerServer::Options options = TestOptions();
    metrics_ = std::make_unique<metrics::LearnerMetrics>(*exporter_, options.config, "run");
    options.metrics = metrics_.get();
    options.listen = "127.0.0.1:0";
    if (with_tls) {
      tls::Files files = FilesIn(lab.Write("learner", lab.Issue("nmn://learner/localhost")));
      files.revoked = revoked;
      tls_ = *tls::Tls::Open({.files = files, .look_every = std::chrono::milliseconds(20)});
      options.tls = tls_;
    }
    server_ = *LearnerServer::Start(options);
    server_->Publish(1, Parameters(1));
    server_->Begin(1);
  }

  LearnerServer& server() { return *server_; }
  tls::Tls& tls() { return *tls_; }
  net::Address address() const { return *net::ParseServerAddress(server_->address(), "--learner"); }

  // Handlers of LearnerService that have run to their end.
  uint64_t handled() const {
    uint64_t sum = 0;
    std::istringstream lines(exporter_->Text());
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("nmn_grpc_server_handled_total{")) sum += std::stoull(line.substr(line.rfind(' ') + 1));
    }
    return sum;
  }
  // Actors that the core knows.
  size_t actors() {
    auto stub = v1::LearnerService::NewStub(server_->InProcessChannel());
    grpc::ClientContext context;
    v1::GetStatusResponse response;
    EXPECT_TRUE(stub->GetStatus(&context, {}, &response).ok());
    return static_cast<size_t>(response.actors_size());
  }
  uint64_t refused(Refusal reason) const { return tls_->state().refused[static_cast<size_t>(reason)]; }

 private:
  std::unique_ptr<metrics::Exporter> exporter_;
  std::unique_ptr<metrics::LearnerMetrics> metrics_;
  std::shared_ptr<tls::Tls> tls_;
  std::unique_ptr<LearnerServer> server_;
};

// Shows a certificate that our own programs would refuse to start with, and trusts the lab's learner.
std::shared_ptr<grpc::ChannelCredentials> Raw(const Lab& lab, const tls::KeyPair& pair) {
  return grpc::SslCredentials({lab.ca_pem(), pair.key.pem(), pair.certificate.pem()});
}

std::shared_ptr<tls::Tls> OpenTls(const std::string& folder) { return *tls::Tls::Open({.files = FilesIn(folder)}); }

absl::Status Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& actor = "a") {
  return net::ToAbsl(RawActor(channel, actor, TestBuild()).Register());
}

std::string Text(const absl::Status& status) { return status.ToString(); }

// A client that offers at most `version` of TLS, and no certificate; what ended it.
std::string ShakeHands(const net::Address& address, int version) {
  const auto socket = net::Dial(address, std::chrono::steady_clock::now() + kLimit);
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), version);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), socket->get());
  while (true) {
    const int result = SSL_connect(ssl.get());
    if (result == 1) return "";
    if (SSL_get_error(ssl.get(), result) != SSL_ERROR_WANT_READ) return tls::OpenSslError();
    net::Await(socket->get(), POLLIN, std::chrono::steady_clock::now() + kLimit);
  }
}

struct RefusedCase {
  std::string name;
  Refusal reason;
  std::string at_the_learner;  // its line
  std::string at_the_client;
  // Tries to register, and says what the client knows of it.
  std::function<std::string(const Lab&, GuardedLearner&)> attempt;
  bool cut_off = false;  // without a word: the client knows no more than that
};

std::string Register(GuardedLearner& learner, std::shared_ptr<grpc::ChannelCredentials> credentials) {
  return Text(Call(net::CreateChannel(learner.address(), std::move(credentials))));
}

std::vector<RefusedCase> Cases() {
  return {
      {"NoCertificate", Refusal::kNoCertificate, "a client has no certificate", "UNAVAILABLE",
       [](const Lab& lab, GuardedLearner& learner) {
         return Register(learner, grpc::SslCredentials({lab.ca_pem(), "", ""}));
       },
       /*cut_off=*/true},
      {"Expired", Refusal::kExpired, "nmn://actor/a (serial ", "expired on ",
       [](const Lab& lab, GuardedLearner& learner) {
         return Register(learner, Raw(lab, lab.Issue("nmn://actor/a", -2 * kDay, -kDay)));
       }},
      {"NotYetValid", Refusal::kNotYetValid, "nmn://actor/a (serial ", "is not valid before ",
       [](const Lab& lab, GuardedLearner& learner) {
         return Register(learner, Raw(lab, lab.Issue("nmn://actor/a", kDay, 2 * kDay)));
       }},
      // Its own authority in ca.crt, as nmn certs makes it: each side refuses the other, the client first.
      {"ForeignAuthority", Refusal::kUnknownAuthority, "is signed by another authority", "it trusts another authority",
       [](const Lab& lab, GuardedLearner& learner) {
         const Lab other;
         const auto tls = OpenTls(other.Write("a", other.Issue("nmn://actor/a"), other.ca_pem() + lab.ca_pem()));
         const absl::Status failure = Call(net::CreateChannel(learner.address(), tls::ChannelCredentials(tls)));
         return Text(tls::Explain(learner.address(), tls.get(), failure));
       }},
      {"SelfSigned", Refusal::kSelfSigned, "signs itself", "UNAVAILABLE",
       [](const Lab& lab, GuardedLearner& learner) {
         return Register(learner, Raw(lab, *tls::IssueSelfSigned(Lab::Request("nmn://actor/a"))));
       },
       /*cut_off=*/true},
      {"WrongName", Refusal::kNoIdentity, "it says of nobody who that is", "it says of nobody who that is",
       [](const Lab& lab, GuardedLearner& learner) {
         return Register(learner, Raw(lab, lab.Issue("https://actor/a")));
       }},
      {"AnotherId", Refusal::kWrongId, "nmn://actor/b may not be actor \"a\"", "nmn://actor/b may not be actor \"a\"",
       [](const Lab& lab, GuardedLearner& learner) { return Register(learner, Raw(lab, lab.Issue("nmn://actor/b"))); }},
      {"AnotherRole", Refusal::kWrongRole, "nmn://operator/ann may not call Register",
       "nmn://operator/ann may not call Register; that needs a certificate of nmn://actor/..",
       [](const Lab& lab, GuardedLearner& learner) {
         return Register(learner, Raw(lab, lab.Issue("nmn://operator/ann")));
       }},
      {"OldTls", Refusal::kOldProtocol, "speaks TLS 1.1 or less", "unexpected eof",
       [](const Lab&, GuardedLearner& learner) { return ShakeHands(learner.address(), TLS1_1_VERSION); },
       /*cut_off=*/true},
      {"PlainText", Refusal::kPlainText, "a client has no certificate",  // of Explain, which asks once more
       "speaks TLS, and there is no certificate here",
       [](const Lab&, GuardedLearner& learner) {
         const absl::Status failure = Call(net::CreateChannel(learner.address()));
         EXPECT_THAT(learner.tls().TakeRefusal(), HasSubstr("plain text to the TLS port"));
         return Text(tls::Explain(learner.address(), nullptr, failure));
       }},
      {"Revoked", Refusal::kRevoked, "is revoked", "is revoked",
       [](const Lab& lab, GuardedLearner& learner) {
         const tls::KeyPair pair = lab.Issue("nmn://actor/a");
         testing::WriteFile(lab.path() + "/revoked", pair.certificate.serial() + "\n");
         while (learner.tls().material()->trust.JudgeClient(pair.certificate, {}, tls::UnixNow()).accepted())
           std::this_thread::yield();
         return Register(learner, Raw(lab, pair));
       }},
  };
}

// Row 26 of the fault matrix.
TEST(Row26, WhoIsNotLetInRunsNoHandlerAndTheLearnerSaysWhy) {
  uint64_t handlers = 0, actors = 0, cut_off = 0;
  const std::vector<RefusedCase> cases = Cases();
  for (const RefusedCase& refused : cases) {
    SCOPED_TRACE(refused.name);
    const Lab lab;
    testing::WriteFile(lab.path() + "/revoked", "");
    GuardedLearner learner(lab, true, lab.path() + "/revoked");
    const std::string client = refused.attempt(lab, learner);
    EXPECT_THAT(client, HasSubstr(refused.at_the_client));
    EXPECT_GE(learner.refused(refused.reason), 1u);
    EXPECT_THAT(learner.tls().TakeRefusal(), HasSubstr(refused.at_the_learner));
    // Of another id only the message tells: the handler runs, and nothing behind it.
    if (refused.reason != Refusal::kWrongId) handlers += learner.handled();
    actors += learner.actors();
    cut_off += refused.cut_off ? 1 : 0;
    if (refused.cut_off) {
      EXPECT_THAT(client, Not(HasSubstr(refused.at_the_learner)));
    }
  }
  EXPECT_EQ(handlers, 0u);
  EXPECT_EQ(actors, 0u);
  fault::PrintFigure("26",
                     absl::StrCat(cases.size(), " kinds of strangers refused, ", handlers, " handlers ran, ", actors,
                                  " actors reached ingest; the learner said why each time, ", cases.size() - cut_off,
                                  " clients too, ", cut_off, " were cut off without a word"));
}

TEST(GuardedPort, TlsToThePlainPortIsExplained) {
  const Lab lab;
  GuardedLearner learner(lab, /*with_tls=*/false);
  const auto tls = OpenTls(lab.Write("a", lab.Issue("nmn://actor/a")));
  const absl::Status failure = Call(net::CreateChannel(learner.address(), tls::ChannelCredentials(tls)));
  EXPECT_THAT(Text(tls::Explain(learner.address(), tls.get(), failure)),
              AllOf(HasSubstr("UNAUTHENTICATED"), HasSubstr("speaks plain text; start it with --tls=DIR")));
  EXPECT_EQ(learner.handled(), 0u);
}

TEST(GuardedPort, RightsOfEachRole) {
  const Lab lab;
  GuardedLearner learner(lab);
  const auto may = [&](const std::string& uri) {
    const auto channel = net::CreateChannel(learner.address(), Raw(lab, lab.Issue(uri)));
    const auto stub = v1::LearnerService::NewStub(channel);
    std::string rights;
    grpc::ClientContext status_context, weights_context, exchange_context;
    v1::GetStatusResponse status;
    if (stub->GetStatus(&status_context, {}, &status).ok()) rights += "status ";
    v1::FetchWeightsRequest request;
    request.set_run_id("run");
    request.set_generation(1);
    const auto reader = stub->FetchWeights(&weights_context, request);
    for (v1::WeightsChunk chunk; reader->Read(&chunk);) {
    }
    if (reader->Finish().ok()) rights += "weights ";
    if (RawActor(channel, "a", TestBuild()).Register().ok()) rights += "register ";
    const auto stream = stub->Exchange(&exchange_context);
    stream->WritesDone();
    v1::LearnerMessage message;
    while (stream->Read(&message)) {
    }
    if (stream->Finish().error_code() != grpc::StatusCode::PERMISSION_DENIED) rights += "exchange ";
    if (net::CheckHealth(channel, kLimit).ok()) rights += "health ";
    return rights;
  };
  EXPECT_EQ(may("nmn://actor/a"), "status weights register exchange health ");
  EXPECT_EQ(may("nmn://operator/ann"), "status weights health ");
  EXPECT_EQ(may("nmn://learner/localhost"), "health ");
}

// A stream says who it is in its first message: an actor that registered rightly cannot go on as another.
TEST(GuardedPort, AStreamUnderAnotherIdReachesNothing) {
  const Lab lab;
  GuardedLearner learner(lab);
  RawActor actor(net::CreateChannel(learner.address(), Raw(lab, lab.Issue("nmn://actor/fleet-*"))), "fleet-1",
                 TestBuild());
  ASSERT_TRUE(actor.Register().ok());
  actor.Rename("other");
  actor.Open();
  actor.Hello();
  const grpc::Status end = actor.End();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(end.error_message(), HasSubstr("nmn://actor/fleet-* may not be actor \"other\""));
  EXPECT_EQ(learner.refused(Refusal::kWrongId), 1u);
}

// Revoked while it is connected: its stream goes on to its end, and no new call begins.
TEST(GuardedPort, ARevokedCertificateOpensNoNewCallOnAnOldConnection) {
  const Lab lab;
  testing::WriteFile(lab.path() + "/revoked", "");
  GuardedLearner learner(lab, true, lab.path() + "/revoked");
  const tls::KeyPair pair = lab.Issue("nmn://actor/a");
  const auto channel = net::CreateChannel(learner.address(), Raw(lab, pair));
  ASSERT_TRUE(Call(channel).ok());
  testing::WriteFile(lab.path() + "/revoked", pair.certificate.serial());
  absl::Status status;
  while ((status = Call(channel)).ok()) {
  }
  EXPECT_THAT(Text(status), AllOf(HasSubstr("UNAUTHENTICATED"), HasSubstr("is revoked")));
}

TEST(GuardedPort, ActorsOfTheProcessItselfAreNotAsked) {
  const Lab lab;
  GuardedLearner learner(lab);
  EXPECT_TRUE(Call(learner.server().InProcessChannel(), "anybody").ok());
}

TEST(GuardedPort, AClientTakesNoServerButALearnerOfItsAuthorityWhichNamesTheHost) {
  const Lab lab, other;
  GuardedLearner learner(lab);
  // An authority that the client does not know.
  const auto stranger = OpenTls(other.Write("a", other.Issue("nmn://actor/a")));
  const absl::Status failure = Call(net::CreateChannel(learner.address(), tls::ChannelCredentials(stranger)));
  EXPECT_THAT(Text(tls::Explain(learner.address(), stranger.get(), failure)),
              AllOf(HasSubstr("UNAUTHENTICATED"), HasSubstr("nmn://learner/localhost"),
                    HasSubstr("is signed by another authority")));
  EXPECT_EQ(learner.handled(), 0u);
}

// 20 times in a row the learner's certificate changes while an actor plays and others come and go.
TEST(GuardedPort, ChangesItsCertificateUnderLoad) {
  const Lab lab;
  GuardedLearner learner(lab);
  const auto tls = OpenTls(lab.Write("a", lab.Issue("nmn://actor/a")));
  SessionThread actor(net::CreateChannel(learner.address(), tls::ChannelCredentials(tls)), "a");
  uint32_t update = 1;
  std::string serial = learner.tls().material()->certificate.serial();
  for (int change = 0; change < 20; ++change) {
    lab.Write("learner", lab.Issue("nmn://learner/localhost"));
    do {
      const auto batch = learner.server().Collect(update, {});
      ASSERT_TRUE(batch.ok()) << batch.status();
      ExpectWholeBatch(*batch, update);
      ++update;
      learner.server().Publish(update, Parameters(update));
      learner.server().Begin(update);
    } while (learner.tls().material()->certificate.serial() == serial);
    serial = learner.tls().material()->certificate.serial();
    const auto client = OpenTls(lab.Write("b", lab.Issue("nmn://actor/b")));
    EXPECT_TRUE(Call(net::CreateChannel(learner.address(), tls::ChannelCredentials(client)), "b").ok()) << change;
  }
  EXPECT_EQ(learner.tls().state().reloads, 20u);
  const auto refused = learner.tls().state().refused;
  EXPECT_EQ(std::accumulate(refused.begin(), refused.end(), uint64_t{0}), 0u);
}

}  // namespace
}  // namespace nmn::service
