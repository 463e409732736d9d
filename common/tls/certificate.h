#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace nmn::tls {

// Seconds since 1970, of the wall clock: what a certificate's dates mean.
int64_t UnixNow();
inline constexpr int64_t kSecondsOfDay = 24 * 3600;
// "2026-11-30 01:15 UTC"
std::string FormatTime(int64_t unix_seconds);

// An X.509 certificate; never changed. Copies share it. Thread-safe.
class Certificate {
 public:
  explicit Certificate(std::shared_ptr<X509> x509) : x509_(std::move(x509)) {}

  // All certificates of a PEM text, in order; other blocks are passed over. INVALID_ARGUMENT: there is none, or one
  // cannot be read.
  static absl::StatusOr<std::vector<Certificate>> ParseAll(std::string_view pem);

  X509* get() const { return x509_.get(); }
  std::string pem() const;
  int64_t not_before() const;  // Unix seconds
  int64_t not_after() const;
  std::string serial() const;   // hexadecimal digits in lower case
  std::string subject() const;  // "CN = nmn://actor/a"
  std::string issuer() const;
  bool self_issued() const;                // subject and issuer are the same
  bool is_authority() const;               // may sign others
  std::vector<std::string> uris() const;   // among the subject alternative names
  std::vector<std::string> hosts() const;  // DNS names, then IP addresses
  // Whether its names say `host`: a name or an address.
  bool NamesHost(const std::string& host) const;
  // The first identity if there is one, else the subject, with the serial number: "nmn://actor/a (serial 1f..)".
  std::string Describe() const;

 private:
  std::shared_ptr<X509> x509_;
};

// A private key; never changed. Copies share it.
class PrivateKey {
 public:
  explicit PrivateKey(std::shared_ptr<EVP_PKEY> key) : key_(std::move(key)) {}

  // INVALID_ARGUMENT: there is none, it cannot be read, or it is encrypted. No message has any of it.
  static absl::StatusOr<PrivateKey> Parse(std::string_view pem);

  EVP_PKEY* get() const { return key_.get(); }
  bool BelongsTo(const Certificate& certificate) const;
  // INVALID_ARGUMENT where it does not, with what to do. `file`: where the certificate is.
  absl::Status CheckBelongsTo(const Certificate& certificate, std::string_view file) const;
  std::string pem() const;  // PKCS #8, not encrypted

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

// Whether OpenSSL, as its configuration has it (OPENSSL_CONF), can do what TLS needs. FAILED_PRECONDITION.
absl::Status CheckOpenSsl();

// The newest of what OpenSSL has to say of a failure on this thread, and none of it is left.
std::string OpenSslError();

}  // namespace nmn::tls
