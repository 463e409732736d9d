#include "common/tls/authority.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace nmn::tls {
namespace {

constexpr int64_t kClocksDiffer = 3600;
constexpr size_t kSerialBytes = 16;
constexpr size_t kLongestCommonName = 64;  // RFC 5280, ub-common-name
constexpr const char* kLoopback[] = {"localhost", "127.0.0.1", "::1"};

absl::Status Failed(const char* what) {
  return absl::InternalError(absl::StrCat("OpenSSL cannot ", what, ": ", OpenSslError()));
}

bool IsAddress(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

absl::StatusOr<PrivateKey> MakeKey() {
  std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  if (key == nullptr) return Failed("make a key");
  return PrivateKey(std::move(key));
}

bool SetSerial(X509* certificate) {
  std::array<unsigned char, kSerialBytes> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] = (bytes[0] & 0x7f) | 0x40;  // positive, and always of the same length
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr), BN_free);
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool SetSubject(X509* certificate, const std::string& common_name) {
  const std::string name = common_name.substr(0, kLongestCommonName);
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()),
                                    -1, 0) == 1;
}

bool SetTimes(X509* certificate, int64_t not_before, int64_t not_after) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), static_cast<time_t>(not_before)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), static_cast<time_t>(not_after)) != nullptr;
}

bool Extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()), X509_EXTENSION_free);
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

std::string AlternativeNames(const CertificateRequest& request) {
  std::vector<std::string> names;
  for (const std::string& uri : request.uris) names.push_back("URI:" + uri);
  for (const std::string& host : request.hosts) names.push_back((IsAddress(host) ? "IP:" : "DNS:") + host);
  return absl::StrJoin(names, ",");
}

// `issuer` null: it signs itself.
absl::StatusOr<KeyPair> Make(const CertificateRequest& request, bool authority, const KeyPair* issuer) {
  if (absl::Status status = CheckOpenSsl(); !status.ok()) return status;
  ERR_clear_error();
  absl::StatusOr<PrivateKey> key = MakeKey();
  if (!key.ok()) return key.status();
  std::shared_ptr<X509> x509(X509_new(), X509_free);
  X509* const certificate = x509.get();
  X509* const signer = issuer == nullptr ? certificate : issuer->certificate.get();
  if (X509_set_version(certificate, X509_VERSION_3) != 1 || !SetSerial(certificate) ||
      !SetSubject(certificate, request.common_name) || !SetTimes(certificate, request.not_before, request.not_after) ||
      X509_set_issuer_name(certificate, X509_get_subject_name(signer)) != 1 ||
      X509_set_pubkey(certificate, key->get()) != 1) {
    return Failed("fill in a certificate");
  }
  const std::string usage = request.serves ? "serverAuth,clientAuth" : "clientAuth";
  const std::string names = AlternativeNames(request);
  const bool extended =
      Extend(certificate, signer, NID_basic_constraints,
             authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
      Extend(certificate, signer, NID_key_usage,
             authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
      Extend(certificate, signer, NID_subject_key_identifier, "hash") &&
      (authority || Extend(certificate, signer, NID_ext_key_usage, usage)) &&
      (issuer == nullptr || Extend(certificate, signer, NID_authority_key_identifier, "keyid:always")) &&
      (names.empty() || Extend(certificate, signer, NID_subject_alt_name, names));
  if (!extended) return Failed("fill in a certificate's extensions");
  if (X509_sign(certificate, issuer == nullptr ? key->get() : issuer->key.get(), EVP_sha256()) == 0)
    return Failed("sign a certificate");
  return KeyPair{Certificate(std::move(x509)), *std::move(key)};
}

}  // namespace

CertificateRequest RequestFor(const Identity& identity, const std::vector<std::string>& hosts, int64_t now, int days) {
  CertificateRequest request;
  request.uris = {ToString(identity)};
  request.common_name = request.uris[0];
  request.not_before = now - kClocksDiffer;
  request.not_after = now + days * kSecondsOfDay;
  request.serves = identity.role != Role::kOperator;
  if (!request.serves) return request;
  request.hosts = hosts;
  for (const char* host : kLoopback) {
    if (std::find(hosts.begin(), hosts.end(), host) == hosts.end()) request.hosts.emplace_back(host);
  }
  return request;
}

absl::StatusOr<KeyPair> MakeAuthority(const std::string& common_name, int64_t not_before, int64_t not_after) {
  CertificateRequest request;
  for (const char c : common_name) request.common_name += absl::ascii_isprint(static_cast<unsigned char>(c)) ? c : '?';
  request.not_before = not_before;
  request.not_after = not_after;
  return Make(request, /*authority=*/true, nullptr);
}

absl::StatusOr<KeyPair> Issue(const KeyPair& authority, const CertificateRequest& request) {
  return Make(request, /*authority=*/false, &authority);
}

absl::StatusOr<KeyPair> IssueSelfSigned(const CertificateRequest& request) {
  return Make(request, /*authority=*/false, nullptr);
}

}  // namespace nmn::tls
