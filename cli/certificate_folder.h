#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/tls/certificate.h"
#include "common/tls/identity.h"

namespace nmn::cli {

// Files of `nmn certs`. Keys have mode 0600 from the moment that they have a name.
//
//   DIR/ca.crt, DIR/ca.key       the authority
//   DIR/issued.txt               one line a certificate: time, serial number, holder, end
//   OUT/ROLE-NAME/tls.crt, tls.key, ca.crt   what --tls takes; of fleet-* the NAME is "fleet-"

// Both calls below wait for another that works on DIR, and are UNAVAILABLE after 10 s.

// Makes the authority. ALREADY_EXISTS where DIR has one, or its key or certificate alone.
absl::StatusOr<tls::Certificate> MakeAuthorityIn(const std::string& directory, int days);

struct IssuedFolder {
  std::string folder;
  tls::Certificate certificate;
};

// Makes a certificate, or a new one in the place of the old, which stays until the new one is written. NOT_FOUND where
// DIR has no authority; INVALID_ARGUMENT where the certificate would outlive it; ALREADY_EXISTS where the folder is of
// another holder.
absl::StatusOr<IssuedFolder> IssueInto(const std::string& directory, const std::string& out,
                                       const tls::Identity& identity, const std::vector<std::string>& hosts, int days);

}  // namespace nmn::cli
