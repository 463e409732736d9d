#pragma once

#include <chrono>
#include <memory>

#include "absl/status/status.h"
#include "common/net/address.h"
#include "common/tls/tls.h"

namespace nmn::tls {

// Why no connection came about, in words for the user. gRPC says "Socket closed" where one side speaks TLS and the
// other does not, or where the server did not take the certificate; this asks the server once more, with OpenSSL.
//
// `tls`: of the client; null: plain text. `failure`: what the call ended with. UNAUTHENTICATED: the certificates or the
// kinds of port do not fit, which waiting does not mend. Anything else is returned as it is. Blocks for `limit` at
// most.
absl::Status Explain(const net::Address& address, Tls* tls, const absl::Status& failure,
                     std::chrono::milliseconds limit = std::chrono::seconds(2));

}  // namespace nmn::tls
