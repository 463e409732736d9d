#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "common/net/address.h"
#include "common/tls/material.h"
#include "common/tls/tls.h"

namespace CLI {
class App;
}

namespace nmn::tls {

// What a program was told of TLS.
struct Flags {
  std::string directory;  // --tls
  Files files;            // --tls_cert, --tls_key, --tls_ca, --tls_revoked
  bool insecure = false;  // --insecure

  // The files, wherever their names come from; not given: plain text. INVALID_ARGUMENT, which names the flag: one of
  // the three is missing, --tls_revoked stands alone, or --insecure contradicts them.
  absl::StatusOr<Files> Resolve() const;
  // How much a listener or a caller is protected, for ParseListenAddress and ParseServerAddress.
  net::Protection protection() const { return {.tls = !directory.empty() || files.given(), .insecure = insecure}; }
};

// Adds --tls, --tls_cert, --tls_key and --tls_ca, and --insecure with this help. With `listens` --tls_revoked too.
void AddFlags(CLI::App& app, const std::string& insecure_help, bool listens, Flags& flags);

// Opens what Resolve says, whose holder must have `role`; null: plain text.
absl::StatusOr<std::shared_ptr<Tls>> OpenIfGiven(const Flags& flags, std::optional<Role> role = std::nullopt);

}  // namespace nmn::tls
