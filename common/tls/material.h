#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/tls/certificate.h"
#include "common/tls/identity.h"
#include "common/tls/trust.h"

namespace nmn::tls {

// Paths of PEM files, as the flags have them.
struct Files {
  std::string certificate;  // --tls_cert: the own one first, then what is between it and the authority
  std::string key;          // --tls_key
  std::string authority;    // --tls_ca: whose certificates count; several while one takes another's place
  std::string revoked;      // --tls_revoked: trust.h, ParseRevoked; may be empty
  bool of_folder = false;   // the first three are in the folder of --tls, which errors then name

  bool given() const { return !certificate.empty(); }
};

// What the files said at one moment, and it fits together. Never changed. Thread-safe.
struct Material {
  std::string key_and_chain;  // PEM: the key, then the certificates
  std::string authorities;    // PEM
  Certificate certificate;
  std::vector<Certificate> chain;  // above the certificate
  Identity identity;
  Trust trust;
  std::string fingerprint;  // of all files together; equal only if they are
};

// Reads and checks the files. Errors are one line that names the flag and the file. NOT_FOUND and what else the disk
// says; INVALID_ARGUMENT: what is in them is no PEM, does not fit together, or the certificate is no good `now`:
// another authority signed it, it is not valid yet or any more, it is revoked, says of nobody who that is, or of
// somebody whose role is not `role`.
absl::StatusOr<std::shared_ptr<const Material>> LoadMaterial(const Files& files, int64_t now,
                                                             std::optional<Role> role = std::nullopt);

}  // namespace nmn::tls
