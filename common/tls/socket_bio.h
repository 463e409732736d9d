#pragma once

#include <openssl/types.h>

namespace nmn::tls {

// OpenSSL's way to a socket that does not block. Its own one raises SIGPIPE where the peer is gone. The socket stays
// the caller's. Null: there is no memory.
BIO* NewSocketBio(int socket);

}  // namespace nmn::tls
