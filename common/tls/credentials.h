#pragma once

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "common/tls/identity.h"
#include "common/tls/tls.h"

namespace nmn::tls {

// A server's: TLS 1.2 or 1.3, and each client must have a certificate. Two gates stand before any handler:
//
//   handshake   who has no key that the authority signed is cut off, and not a byte of HTTP/2 is read from it
//   each call   who has one that is no good (any more), or no right to this rpc, hears why as a status: UNAUTHENTICATED
//               or PERMISSION_DENIED. So a certificate that ends or is revoked opens no new call on old connections
//
// Who is refused is counted by `tls`.
std::shared_ptr<grpc::ServerCredentials> ServerCredentials(const std::shared_ptr<Tls>& tls, Policy policy);

// A client's: it shows its certificate, and takes none but a learner's that names the host which was dialled.
std::shared_ptr<grpc::ChannelCredentials> ChannelCredentials(const std::shared_ptr<Tls>& tls);

// Whether a call came over TLS, not in plain text or from this process.
bool IsTls(const grpc::AuthContext& context);
// Who calls over TLS, for a handler.
std::optional<Identity> PeerOf(const grpc::AuthContext& context);

}  // namespace nmn::tls
