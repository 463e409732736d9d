#include "common/tls/credentials.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_metadata_processor.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/net/channel.h"

namespace nmn::tls {
namespace {

namespace experimental = grpc::experimental;

constexpr unsigned kReadAgainSeconds = 1;
constexpr char kPath[] = ":path";

std::string_view View(const grpc::string_ref& text) { return {text.data(), text.size()}; }

std::shared_ptr<experimental::CertificateProviderInterface> ProviderOf(const Tls& tls) {
  return std::make_shared<experimental::FileWatcherCertificateProvider>(tls.identity_path(), tls.identity_path(),
                                                                        tls.authorities_path(), kReadAgainSeconds);
}

// What a peer sent: its own certificate, and what is above it.
struct Sent {
  std::optional<Certificate> certificate;
  std::vector<Certificate> chain;
};

Sent Parse(std::string_view certificate, std::string_view chain) {
  Sent sent;
  const absl::StatusOr<std::vector<Certificate>> own = Certificate::ParseAll(certificate);
  if (!own.ok()) return sent;
  sent.certificate = own->front();
  absl::StatusOr<std::vector<Certificate>> above = Certificate::ParseAll(chain);
  if (above.ok()) sent.chain = *std::move(above);
  return sent;
}

Verdict NoCertificate() {
  Verdict verdict;
  verdict.refusal = Refusal::kNoCertificate;
  verdict.sentence = "a client has no certificate; it needs --tls=DIR, a folder that nmn certs issue wrote";
  return verdict;
}

Verdict JudgeClient(const Tls& tls, const Sent& sent) {
  if (!sent.certificate) return NoCertificate();
  return tls.material()->trust.JudgeClient(*sent.certificate, sent.chain, UnixNow());
}

// The check of a handshake, after TLS has found that the peer has the key of its certificate. gRPC would let OpenSSL
// check the rest, which says "certificate verify failed" of everything.
class HandshakeCheck : public experimental::ExternalCertificateVerifier {
 public:
  HandshakeCheck(std::shared_ptr<Tls> tls, bool of_server) : tls_(std::move(tls)), of_server_(of_server) {}

  bool Verify(experimental::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* sync_status) override {
    const Sent sent = Parse(View(request->peer_cert()), View(request->peer_cert_full_chain()));
    const Verdict verdict =
        of_server_ ? JudgeServer(sent, std::string(View(request->target_name()))) : JudgeClient(*tls_, sent);
    const bool refused = !verdict.accepted() && (of_server_ || !verdict.known);
    if (refused) tls_->Refuse(*verdict.refusal, verdict.sentence);
    *sync_status = refused ? grpc::Status(grpc::StatusCode::UNAUTHENTICATED, verdict.sentence) : grpc::Status::OK;
    return true;
  }
  void Cancel(experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  Verdict JudgeServer(const Sent& sent, const std::string& host) const {
    if (!sent.certificate) return NoCertificate();
    return tls_->material()->trust.JudgeServer(*sent.certificate, sent.chain, UnixNow(), host);
  }

  const std::shared_ptr<Tls> tls_;
  const bool of_server_;  // we are the client and check a server
};

std::string First(const grpc::AuthContext& context, const char* property) {
  const std::vector<grpc::string_ref> values = context.FindPropertyValues(property);
  return values.empty() ? "" : std::string(View(values[0]));
}

// The check of each call.
class CallCheck : public grpc::AuthMetadataProcessor {
 public:
  CallCheck(std::shared_ptr<Tls> tls, Policy policy) : tls_(std::move(tls)), policy_(std::move(policy)) {}

  bool IsBlocking() const override { return false; }  // on gRPC's thread: it takes some 0.1 ms

  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata*,
                       OutputMetadata*) override {
    const Verdict verdict = JudgeClient(*tls_, Parse(First(*context, GRPC_X509_PEM_CERT_PROPERTY_NAME),
                                                     First(*context, GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME)));
    if (!verdict.accepted()) {
      tls_->Refuse(*verdict.refusal, verdict.sentence);
      return {grpc::StatusCode::UNAUTHENTICATED, verdict.sentence};
    }
    const auto path = metadata.find(kPath);
    const std::string_view called = path == metadata.end() ? "" : View(path->second);
    const std::vector<Role> roles = policy_(called);
    if (std::find(roles.begin(), roles.end(), verdict.identity.role) != roles.end()) return grpc::Status::OK;
    const std::string sentence = absl::StrCat(
        ToString(verdict.identity), " may not call ", std::string(called.substr(called.rfind('/') + 1)),
        roles.empty() ? ", and nobody may" : absl::StrCat("; that needs a certificate of ", HoldersOf(roles)));
    tls_->Refuse(Refusal::kWrongRole, sentence);
    return {grpc::StatusCode::PERMISSION_DENIED, sentence};
  }

 private:
  const std::shared_ptr<Tls> tls_;
  const Policy policy_;
};

// Handshakes that end before there is a certificate to look at are known from gRPC's log alone.
void CountBrokenHandshake(Tls& tls, std::string_view line) {
  constexpr std::string_view kLine = "Handshake failed with fatal error ";
  if (line.substr(0, kLine.size()) != kLine) return;
  const auto says = [line](std::string_view words) { return line.find(words) != std::string_view::npos; };
  if (says("peer did not return a certificate")) {
    tls.Refuse(Refusal::kNoCertificate, NoCertificate().sentence);
  } else if (says("unsupported protocol") || says("version too low") || says("inappropriate fallback")) {
    tls.Refuse(Refusal::kOldProtocol, "a client speaks TLS 1.1 or less; this learner speaks 1.2 and 1.3");
  } else if (says("wrong version number") || says("http request") || says("https proxy request")) {
    tls.Refuse(Refusal::kPlainText, "a client spoke plain text to the TLS port; it needs --tls=DIR");
  } else {
    const std::string_view reason = line.substr(line.rfind(':') + 1);
    tls.Refuse(Refusal::kHandshake, absl::StrCat("a handshake ended with \"", std::string(reason), "\""));
  }
}

}  // namespace

std::shared_ptr<grpc::ServerCredentials> ServerCredentials(const std::shared_ptr<Tls>& tls, Policy policy) {
  experimental::TlsServerCredentialsOptions options(ProviderOf(*tls));
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  options.set_certificate_verifier(
      experimental::ExternalCertificateVerifier::Create<HandshakeCheck>(tls, /*of_server=*/false));
  std::shared_ptr<grpc::ServerCredentials> credentials = experimental::TlsServerCredentials(options);
  credentials->SetAuthMetadataProcessor(std::make_shared<CallCheck>(tls, std::move(policy)));
  net::OnGrpcError([weak = std::weak_ptr<Tls>(tls)](std::string_view line) {
    if (const std::shared_ptr<Tls> alive = weak.lock()) CountBrokenHandshake(*alive, line);
  });
  return credentials;
}

std::shared_ptr<grpc::ChannelCredentials> ChannelCredentials(const std::shared_ptr<Tls>& tls) {
  experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(ProviderOf(*tls));
  options.watch_identity_key_cert_pairs();
  options.watch_root_certs();              // else gRPC looks for the system's
  options.set_verify_server_certs(false);  // HandshakeCheck does
  options.set_check_call_host(false);
  options.set_certificate_verifier(
      experimental::ExternalCertificateVerifier::Create<HandshakeCheck>(tls, /*of_server=*/true));
  return experimental::TlsCredentials(options);
}

bool IsTls(const grpc::AuthContext& context) {
  return !context.FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME).empty();
}

std::optional<Identity> PeerOf(const grpc::AuthContext& context) {
  const Sent sent = Parse(First(context, GRPC_X509_PEM_CERT_PROPERTY_NAME), "");
  if (!sent.certificate) return std::nullopt;
  const absl::StatusOr<Identity> identity = FindIdentity(sent.certificate->uris());
  return identity.ok() ? std::optional<Identity>(*identity) : std::nullopt;
}

}  // namespace nmn::tls
