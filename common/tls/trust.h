#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/tls/certificate.h"
#include "common/tls/verdict.h"

namespace nmn::tls {

// Serial numbers of certificates that are refused: one a line in hexadecimal digits, as `nmn certs show` prints it.
// What follows a # is for people. INVALID_ARGUMENT names the line.
absl::StatusOr<std::set<std::string>> ParseRevoked(std::string_view text);

// Whose certificates count: those that one of the authorities signed and nobody revoked. Never changed. Thread-safe.
class Trust {
 public:
  // `authorities`: of one PEM file. Each counts as it stands, also one that another has signed.
  Trust(std::vector<Certificate> authorities, std::set<std::string> revoked);

  // The certificate of who connects to a server, with what it sent of the chain above it.
  Verdict JudgeClient(const Certificate& certificate, const std::vector<Certificate>& chain, int64_t now) const;
  // The certificate of a server that was dialled as `host`: it must be a learner's, and name the host.
  Verdict JudgeServer(const Certificate& certificate, const std::vector<Certificate>& chain, int64_t now,
                      const std::string& host) const;

 private:
  Verdict Judge(const Certificate& certificate, const std::vector<Certificate>& chain, int64_t now, int purpose) const;

  std::vector<Certificate> authorities_;
  std::set<std::string> revoked_;
  std::shared_ptr<X509_STORE> store_;
};

}  // namespace nmn::tls
