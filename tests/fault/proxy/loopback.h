#pragma once

#include <netinet/in.h>

#include <cstdint>

namespace nmn::fault {

// 127.0.0.1:port, for bind and connect; port 0 lets bind choose.
inline sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

}  // namespace nmn::fault
