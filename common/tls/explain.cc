#include "common/tls/explain.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/fs/descriptor.h"
#include "common/net/dial.h"

namespace nmn::tls {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned char kHttp2[] = {2, 'h', '2'};  // ALPN

// One TLS connection over a socket, as far as it is needed to learn how a server answers. Its BIOs are memory, so that
// no write can raise SIGPIPE.
class Probe {
 public:
  enum class End {
    kAnswered,  // the server let us in: it sent bytes
    kClosed,    // it ended the connection without a word
    kAlert,     // it said why, in TLS
    kNotTls,    // what it sends is no TLS
    kUnknown
  };

  Probe(int socket, const Tls* tls, Clock::time_point deadline)
      : socket_(socket),
        deadline_(deadline),
        context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        ssl_(nullptr, SSL_free) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_alpn_protos(context_.get(), kHttp2, sizeof(kHttp2));
    ssl_.reset(SSL_new(context_.get()));
    if (tls != nullptr) Show(*tls->material());
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  }

  End Run() {
    char byte;
    if (const End end = Drive([this] { return SSL_connect(ssl_.get()); }); end != End::kAnswered) return end;
    handshake_done_ = true;
    return Drive([&] { return SSL_read(ssl_.get(), &byte, 1); });
  }
  bool handshake_done() const { return handshake_done_; }
  const std::string& alert() const { return alert_; }

 private:
  void Show(const Material& material) {
    const absl::StatusOr<PrivateKey> key = PrivateKey::Parse(material.key_and_chain);
    SSL_use_certificate(ssl_.get(), material.certificate.get());
    if (key.ok()) SSL_use_PrivateKey(ssl_.get(), key->get());
    for (const Certificate& link : material.chain) SSL_add1_chain_cert(ssl_.get(), link.get());
  }

  template <typename Step>
  End Drive(Step step) {
    while (true) {
      ERR_clear_error();
      const int result = step();
      const int error = SSL_get_error(ssl_.get(), result);
      if (!Send()) return End::kClosed;
      if (result > 0) return End::kAnswered;
      if (error == SSL_ERROR_ZERO_RETURN) return End::kClosed;
      if (error != SSL_ERROR_WANT_READ) return Failure();
      if (const End end = Receive(); end != End::kAnswered) return end;
    }
  }

  End Failure() {
    const int reason = ERR_GET_REASON(ERR_peek_last_error());
    if (reason > SSL_AD_REASON_OFFSET) {
      alert_ = SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET);
      return End::kAlert;
    }
    if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_PACKET_LENGTH_TOO_LONG ||
        reason == SSL_R_HTTP_REQUEST || reason == SSL_R_UNEXPECTED_MESSAGE) {
      return End::kNotTls;
    }
    return End::kUnknown;
  }

  bool Send() {
    char bytes[4096];
    for (int count; (count = BIO_read(SSL_get_wbio(ssl_.get()), bytes, sizeof(bytes))) > 0;) {
      if (send(socket_, bytes, static_cast<size_t>(count), MSG_NOSIGNAL) != count) return false;
    }
    return true;
  }

  End Receive() {
    char bytes[4096];
    if (!net::Await(socket_, POLLIN, deadline_)) return End::kUnknown;
    const ssize_t count = recv(socket_, bytes, sizeof(bytes), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return End::kAnswered;
    if (count <= 0) return End::kClosed;
    BIO_write(SSL_get_rbio(ssl_.get()), bytes, static_cast<int>(count));
    return End::kAnswered;
  }

  const int socket_;
  const Clock::time_point deadline_;
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool handshake_done_ = false;
  std::string alert_;
};

absl::Status OfPlainText(const Probe& probe, Probe::End end, const absl::Status& failure) {
  if (!probe.handshake_done() && end != Probe::End::kAlert) return failure;
  return absl::UnauthenticatedError(
      "it speaks TLS, and there is no certificate here; give --tls=DIR, a folder that nmn certs issue wrote");
}

absl::Status OfTls(const Tls& tls, const Probe& probe, Probe::End end, const absl::Status& failure) {
  const Certificate shown = tls.material()->certificate;
  switch (end) {
    case Probe::End::kNotTls:
      return absl::UnauthenticatedError(
          "it speaks plain text; start it with --tls=DIR, or leave out --tls here (off loopback that needs "
          "--insecure)");
    case Probe::End::kAlert:
      return absl::UnauthenticatedError(
          absl::StrCat("it does not take the certificate of ", shown.Describe(), ": ", probe.alert()));
    case Probe::End::kClosed:
      if (!probe.handshake_done()) return failure;
      return absl::UnauthenticatedError(
          absl::StrCat("it cut the connection when it had seen the certificate of ", shown.Describe(), ", which ",
                       shown.issuer(), " has signed: it trusts another authority, and its log says which"));
    case Probe::End::kAnswered:
    case Probe::End::kUnknown:
      break;
  }
  return failure;
}

}  // namespace

absl::Status Explain(const net::Address& address, Tls* tls, const absl::Status& failure,
                     std::chrono::milliseconds limit) {
  if (!absl::IsUnavailable(failure) && !absl::IsDeadlineExceeded(failure)) return failure;
  // What our own check of the learner's certificate found.
  const std::string refusal = tls == nullptr ? "" : tls->TakeRefusal();
  if (!refusal.empty()) return absl::UnauthenticatedError(refusal);
  const Clock::time_point deadline = Clock::now() + limit;
  const absl::StatusOr<fs::Descriptor> socket = net::Dial(address, deadline);
  if (!socket.ok()) return failure;
  Probe probe(socket->get(), tls, deadline);
  const Probe::End end = probe.Run();
  ERR_clear_error();
  return tls == nullptr ? OfPlainText(probe, end, failure) : OfTls(*tls, probe, end, failure);
}

}  // namespace nmn::tls
