#include "common/tls/session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <algorithm>
#include <climits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/tls/certificate.h"
#include "common/tls/socket_bio.h"

namespace nmn::tls {
namespace {

using Context = std::shared_ptr<SSL_CTX>;

bool Show(SSL_CTX* context, const Material& material) {
  const absl::StatusOr<PrivateKey> key = PrivateKey::Parse(material.key_and_chain);
  if (!key.ok() || SSL_CTX_use_certificate(context, material.certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key->get()) != 1) {
    return false;
  }
  return std::all_of(material.chain.begin(), material.chain.end(),
                     [&](const Certificate& link) { return SSL_CTX_add1_chain_cert(context, link.get()) == 1; });
}

// What server and client have in common. Each connection is checked anew: there is nothing to resume.
Context NewContext(const SSL_METHOD* method) {
  Context context(SSL_CTX_new(method), SSL_CTX_free);
  if (context == nullptr) return context;
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

SSL* NewSsl(SSL_CTX* context, int socket) {
  SSL* ssl = SSL_new(context);
  BIO* bio = ssl == nullptr ? nullptr : NewSocketBio(socket);
  if (bio == nullptr) {
    SSL_free(ssl);
    ERR_clear_error();
    return nullptr;
  }
  SSL_set_bio(ssl, bio, bio);
  return ssl;
}

Certificate Shared(X509* x509) {
  X509_up_ref(x509);
  return Certificate(std::shared_ptr<X509>(x509, X509_free));
}

std::vector<Certificate> Above(STACK_OF(X509) * sent) {
  std::vector<Certificate> chain;
  for (int i = 1; i < sk_X509_num(sent); ++i) chain.push_back(Shared(sk_X509_value(sent, i)));
  return chain;
}

}  // namespace

Session::Session(SSL* ssl, Tls* tls, bool accepts) : ssl_(ssl, SSL_free), tls_(tls), accepts_(accepts) {
  SSL_set_app_data(ssl, this);
  if (accepts) {
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
  }
}

std::unique_ptr<Session> Session::Connect(int socket, Tls* tls) {
  const Context context = NewContext(TLS_client_method());
  if (context == nullptr) return nullptr;
  if (tls != nullptr) {
    if (!Show(context.get(), *tls->material())) return nullptr;
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context.get(), JudgePeer, nullptr);
  }
  SSL* ssl = NewSsl(context.get(), socket);
  return ssl == nullptr ? nullptr : std::unique_ptr<Session>(new Session(ssl, tls, /*accepts=*/false));
}

// In place of OpenSSL's own check, which says "certificate verify failed" of everything.
int Session::JudgePeer(X509_STORE_CTX* store, void*) {
  auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* const self = static_cast<Session*>(SSL_get_app_data(ssl));
  X509* const leaf = X509_STORE_CTX_get0_cert(store);
  if (leaf == nullptr) return 0;
  const std::shared_ptr<const Material> material = self->tls_->material();
  self->peer_ = material->trust.JudgeClient(Shared(leaf), Above(X509_STORE_CTX_get0_untrusted(store)), UnixNow());
  if (self->peer_->accepted() || self->peer_->known) return 1;
  if (self->accepts_) self->tls_->Refuse(*self->peer_->refusal, self->peer_->sentence);
  X509_STORE_CTX_set_error(store, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  return 0;
}

Step Session::Read(char* buffer, size_t size) {
  ERR_clear_error();
  return After(SSL_read(ssl_.get(), buffer, static_cast<int>(std::min<size_t>(size, INT_MAX))));
}

Step Session::Write(std::string_view bytes) {
  ERR_clear_error();
  return After(SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX))));
}

bool Session::pending() const { return SSL_pending(ssl_.get()) > 0; }

short Session::Close() {
  ERR_clear_error();
  const int result = SSL_shutdown(ssl_.get());
  if (result >= 0) return 0;
  const int error = SSL_get_error(ssl_.get(), result);
  ERR_clear_error();
  if (error == SSL_ERROR_WANT_WRITE) return POLLOUT;
  if (error == SSL_ERROR_WANT_READ) return POLLIN;
  return 0;
}

Step Session::After(int result) {
  if (result > 0) return {.bytes = static_cast<size_t>(result)};
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ) return {.events = POLLIN};
  if (error == SSL_ERROR_WANT_WRITE) return {.events = POLLOUT};
  Fail(error);
  ERR_clear_error();
  return {};
}

void Session::Fail(int error) {
  if (failure_ != Failure::kNone || error == SSL_ERROR_ZERO_RETURN) return;
  const unsigned long code = ERR_peek_last_error();
  const char* text = ERR_reason_error_string(code);
  reason_ = text == nullptr ? "the connection was cut" : text;
  failure_ = Failure::kOther;
  if (SSL_is_init_finished(ssl_.get()) != 0) return;
  switch (ERR_GET_REASON(code)) {
    case SSL_R_HTTP_REQUEST:
      failure_ = Failure::kPlainHttp;
      break;
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
      failure_ = Failure::kPlainText;
      break;
    default:
      break;
  }
  if (accepts_) Refuse(code);
}

// A stranger's handshake that ended before there was a certificate to judge.
void Session::Refuse(unsigned long error) {
  if (peer_) return;                                                     // JudgePeer has refused it
  if (error == 0 && SSL_get_state(ssl_.get()) == TLS_ST_BEFORE) return;  // it came and went without a byte
  if (failure_ != Failure::kOther) {
    tls_->Refuse(Refusal::kPlainText, "a client spoke plain text to the TLS port of --metrics; it needs https://");
    return;
  }
  switch (ERR_GET_REASON(error)) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      tls_->Refuse(Refusal::kNoCertificate,
                   "a client of --metrics has no certificate; it needs one that nmn certs issue wrote, or this process "
                   "--metrics_tls=server");
      return;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_INAPPROPRIATE_FALLBACK:
      tls_->Refuse(Refusal::kOldProtocol, "a client of --metrics speaks TLS 1.1 or less; here 1.2 and 1.3 are spoken");
      return;
    default:
      tls_->Refuse(Refusal::kHandshake, absl::StrCat("a handshake on --metrics ended with \"", reason_, "\""));
  }
}

std::unique_ptr<Session> Acceptor::Accept(int socket) {
  std::shared_ptr<const Material> material = tls_->material();
  if (material != material_) {
    context_ = MakeContext(*material);
    material_ = context_ == nullptr ? nullptr : std::move(material);
  }
  SSL* ssl = context_ == nullptr ? nullptr : NewSsl(context_.get(), socket);
  return ssl == nullptr ? nullptr : std::unique_ptr<Session>(new Session(ssl, tls_.get(), /*accepts=*/true));
}

std::shared_ptr<SSL_CTX> Acceptor::MakeContext(const Material& material) const {
  Context context = NewContext(TLS_server_method());
  if (context == nullptr || !Show(context.get(), material)) {
    ERR_clear_error();
    return nullptr;
  }
  if (!asks_) return context;
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), Session::JudgePeer, nullptr);
  // A browser offers its user those of its certificates that one of these has signed.
  const absl::StatusOr<std::vector<Certificate>> authorities = Certificate::ParseAll(material.authorities);
  if (authorities.ok()) {
    for (const Certificate& authority : *authorities) SSL_CTX_add_client_CA(context.get(), authority.get());
  }
  return context;
}

}  // namespace nmn::tls
