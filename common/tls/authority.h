#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/tls/certificate.h"
#include "common/tls/identity.h"

namespace nmn::tls {

// A certificate and its private key.
struct KeyPair {
  Certificate certificate;
  PrivateKey key;
};

// What a certificate shall say.
struct CertificateRequest {
  std::vector<std::string> uris;   // of the holder's identity
  std::vector<std::string> hosts;  // names and addresses that it is reached by
  std::string common_name;         // for people; the first 64 bytes are used
  int64_t not_before = 0;          // Unix seconds
  int64_t not_after = 0;
  bool serves = false;  // a server's, too; every one may be a client's
};

// The certificate request of an identity, valid for `days` from an hour ago (clocks differ). A learner gets `hosts`.
// Learners and actors, which serve metrics, get the names of their own machine's loopback.
CertificateRequest RequestFor(const Identity& identity, const std::vector<std::string>& hosts, int64_t now, int days);

// A new authority that signs itself: ECDSA P-256, only for certificates of its own, nobody may sign below it.
// What is not printable ASCII in the name becomes "?".
absl::StatusOr<KeyPair> MakeAuthority(const std::string& common_name, int64_t not_before, int64_t not_after);

// A new key (ECDSA P-256) and its certificate with a random serial number of 128 bits, signed by `authority`.
absl::StatusOr<KeyPair> Issue(const KeyPair& authority, const CertificateRequest& request);

// The same, signed by its own key: what no learner takes.
absl::StatusOr<KeyPair> IssueSelfSigned(const CertificateRequest& request);

}  // namespace nmn::tls
