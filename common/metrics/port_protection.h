#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/net/address.h"

namespace nmn::metrics {

// What the port of --metrics speaks.
enum class PortProtection {
  kPlainText,
  kServer,  // TLS; clients need no certificate
  kMutual   // TLS; each client shows a certificate
};

inline constexpr char kMetricsTlsHelp[] =
    "what the port of --metrics speaks: off (plain text), server (TLS) or mutual (TLS, and each client shows a "
    "certificate); default: off on loopback, mutual elsewhere";

// What --metrics_tls takes.
std::vector<std::string> PortProtections();

// What a port at `address` (--metrics, "off" or host:port) speaks. `metrics_tls` is --metrics_tls: one of the three, or
// empty: plain text on loopback and where --insecure was said, else mutual. INVALID_ARGUMENT, in one line that begins
// with the flag: the address is none, the word is none of the three, there is no certificate for TLS, or the address
// leads to other machines and nobody has said how.
absl::StatusOr<PortProtection> ResolveProtection(const std::string& address, const std::string& metrics_tls,
                                                 net::Protection protection);

}  // namespace nmn::metrics
