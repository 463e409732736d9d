#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/tls/tls.h"
#include "common/tls/verdict.h"

namespace nmn::tls {

// How a step over a socket that does not block has ended.
struct Step {
  size_t bytes = 0;  // of the caller's that were read or written
  short events = 0;  // where there are none: what poll(2) shall wait for before the next try; 0: the connection is over
};

// One TLS connection over a socket that does not block, outside gRPC. The handshake is part of the first step. The
// socket stays the caller's, and must outlive the session. Not thread-safe.
class Session {
 public:
  enum class Failure { kNone, kPlainText, kPlainHttp, kOther };

  // Of a client: it shows the certificate of `tls`, and takes any server with a certificate that the authority signed,
  // whatever its name: for health, which asks the machine's own processes. Without `tls` it has none and asks for none.
  // Null: OpenSSL has no memory.
  static std::unique_ptr<Session> Connect(int socket, Tls* tls);

  Step Read(char* buffer, size_t size);
  // What was written in part must be written on with the same bytes.
  Step Write(std::string_view bytes);
  // Whether bytes have come that nobody has read yet, of which poll(2) does not know.
  bool pending() const;
  // Says that no more bytes follow. The events to wait for before the next try; 0: said, or nobody hears it.
  short Close();

  // What was found of the peer's certificate; nothing: it has shown none.
  const std::optional<Verdict>& peer() const { return peer_; }
  // Why the handshake failed. kPlainHttp: the client of a server began with a request of HTTP.
  Failure failure() const { return failure_; }
  // OpenSSL's words for it.
  const std::string& reason() const { return reason_; }

 private:
  friend class Acceptor;
  // Takes the session over. `tls`: null: the client asks for no certificate.
  Session(SSL* ssl, Tls* tls, bool accepts);

  static int JudgePeer(X509_STORE_CTX* store, void*);
  Step After(int result);
  void Fail(int error);
  void Refuse(unsigned long error);

  const std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
  Tls* const tls_;
  const bool accepts_;
  std::optional<Verdict> peer_;
  Failure failure_ = Failure::kNone;
  std::string reason_;
};

// Makes sessions of those who connect to a port that is not gRPC's. TLS 1.2 or 1.3. Each has the certificate that `tls`
// has at that moment. Not thread-safe.
class Acceptor {
 public:
  // With `asks` each client must show a certificate. Who has none that the authority signed is cut off in the
  // handshake, counted and logged. Who has one that is no good for another reason comes in, with the reason in peer(),
  // so that it can be told.
  Acceptor(std::shared_ptr<Tls> tls, bool asks) : tls_(std::move(tls)), asks_(asks) {}

  // Null: OpenSSL has no memory.
  std::unique_ptr<Session> Accept(int socket);

 private:
  std::shared_ptr<SSL_CTX> MakeContext(const Material& material) const;

  const std::shared_ptr<Tls> tls_;
  const bool asks_;
  std::shared_ptr<const Material> material_;  // of context_
  std::shared_ptr<SSL_CTX> context_;
};

}  // namespace nmn::tls
