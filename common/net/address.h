#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nmn::net {

struct Address {
  std::string host;  // a name, an IPv4 address, or an IPv6 address without its brackets
  uint16_t port = 0;

  bool operator==(const Address&) const = default;
};

// "host:port" or "[::1]:port". INVALID_ARGUMENT, one line, begins with `flag` ("--listen") and says what is legal. Does
// not resolve names.
absl::StatusOr<Address> ParseAddress(std::string_view text, std::string_view flag);

// The opposite: brackets around IPv6.
std::string ToString(const Address& address);

// localhost, 127.0.0.0/8 and ::1.
bool IsLoopback(const Address& address);

// What a program was told of the network between it and others.
struct Protection {
  bool tls = false;       // each side shows a certificate
  bool insecure = false;  // --insecure: plain text may go to other machines
};

// The one rule of plain text: off loopback it needs `insecure`. INVALID_ARGUMENT, which begins with "flag=address",
// says what to do.
absl::Status CheckProtected(const Address& address, std::string_view flag, Protection protection);

// A server's own address, which CheckProtected allows. Port 0 takes a free one.
absl::StatusOr<Address> ParseListenAddress(std::string_view text, std::string_view flag, Protection protection);

// A server's address as a client wants it: port 0 is refused.
absl::StatusOr<Address> ParseServerAddress(std::string_view text, std::string_view flag);

// Where a client on the same machine reaches a server that listens on all of its addresses (0.0.0.0, ::): loopback.
// Others as they are.
Address Reachable(Address address);

// A socket that listens; does not block. The caller closes it. UNAVAILABLE: the port is in use; INVALID_ARGUMENT: no
// address of this machine, or not allowed. Both name `flag` and the address.
struct Listener {
  int fd = -1;
  uint16_t port = 0;  // the one that was taken where the address has 0
};
absl::StatusOr<Listener> Listen(const Address& address, std::string_view flag);

// Whether a socket can listen there now. The errors of Listen.
absl::Status CheckBindable(const Address& address, std::string_view flag);

}  // namespace nmn::net
