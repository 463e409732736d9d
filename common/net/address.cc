#include "common/net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace nmn::net {
namespace {

absl::Status Malformed(std::string_view flag, std::string_view text, std::string_view what) {
  return absl::InvalidArgumentError(std::string(flag) + "=" + std::string(text) + ": " + std::string(what) +
                                    "; an address is host:port, e.g. 127.0.0.1:50051 or [::1]:50051");
}

bool IsIpv6(const std::string& host) {
  in6_addr parsed;
  return inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

bool IsIpv4OrName(const std::string& host) {
  const bool charset = std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
  });
  const bool empty_label = host.starts_with('.') || host.find("..") != std::string::npos;
  if (host.empty() || !charset || empty_label) return false;
  const bool numeric = host.find_first_not_of("0123456789.") == std::string::npos;
  in_addr parsed;
  return !numeric || inet_pton(AF_INET, host.c_str(), &parsed) == 1;
}

}  // namespace

absl::StatusOr<Address> ParseAddress(std::string_view text, std::string_view flag) {
  Address address;
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const size_t close = text.find("]:");
    if (close == std::string_view::npos) return Malformed(flag, text, "no \"]:port\" after the IPv6 address");
    address.host = std::string(text.substr(1, close - 1));
    port = text.substr(close + 2);
    if (!IsIpv6(address.host)) return Malformed(flag, text, "no IPv6 address between the brackets");
  } else {
    if (text.find("://") != std::string_view::npos) return Malformed(flag, text, "leave out what ends with ://");
    const size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
      const bool digits = text.find_first_not_of("0123456789") == std::string_view::npos;
      return Malformed(flag, text, digits ? "there is no host before the port" : "there is no port behind the host");
    }
    address.host = std::string(text.substr(0, colon));
    port = text.substr(colon + 1);
    if (address.host.find(':') != std::string::npos) return Malformed(flag, text, "an IPv6 address needs brackets");
    if (!IsIpv4OrName(address.host)) return Malformed(flag, text, "there is no valid host before the port");
    // Names have no case, and a dot at the end says that they are whole.
    std::transform(address.host.begin(), address.host.end(), address.host.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (address.host.size() > 1 && address.host.back() == '.') address.host.pop_back();
  }
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number > 65535) {
    return Malformed(flag, text, "the port must be a number up to 65535");
  }
  address.port = static_cast<uint16_t>(number);
  return address;
}

std::string ToString(const Address& address) {
  const bool ipv6 = address.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

bool IsLoopback(const Address& address) {
  if (address.host == "localhost") return true;
  in_addr v4;
  if (inet_pton(AF_INET, address.host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6;
  if (inet_pton(AF_INET6, address.host.c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

absl::Status CheckProtected(const Address& address, std::string_view flag, Protection protection) {
  if (protection.tls || protection.insecure || IsLoopback(address)) return absl::OkStatus();
  return absl::InvalidArgumentError(std::string(flag) + "=" + ToString(address) +
                                    " leads to other machines, and there is no TLS; give --tls=DIR, a folder that nmn "
                                    "certs issue writes, or --insecure to allow plain text");
}

absl::StatusOr<Address> ParseListenAddress(std::string_view text, std::string_view flag, Protection protection) {
  absl::StatusOr<Address> address = ParseAddress(text, flag);
  if (!address.ok()) return address;
  if (absl::Status status = CheckProtected(*address, flag, protection); !status.ok()) return status;
  // A name for two addresses could be bound on one of them while the other belongs to someone else.
  if (address->host == "localhost") address->host = "127.0.0.1";
  return address;
}

absl::StatusOr<Address> ParseServerAddress(std::string_view text, std::string_view flag) {
  absl::StatusOr<Address> address = ParseAddress(text, flag);
  if (address.ok() && address->port == 0) return Malformed(flag, text, "port 0 is no server's port");
  return address;
}

Address Reachable(Address address) {
  if (address.host == "0.0.0.0") address.host = "127.0.0.1";
  if (address.host == "::") address.host = "::1";
  return address;
}

absl::StatusOr<Listener> Listen(const Address& address, std::string_view flag) {
  const std::string name = std::string(flag) + "=" + ToString(address);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  if (const int error = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found); error != 0) {
    // Who looks names up does not answer just now, or this process has run out of something.
    if (error == EAI_AGAIN || error == EAI_MEMORY || error == EAI_SYSTEM)
      return absl::UnavailableError(name + ": " + gai_strerror(error));
    return absl::InvalidArgumentError(name + ": " + gai_strerror(error) + "; give an address of this machine");
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, freeaddrinfo);
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return absl::InvalidArgumentError(name + ": " + std::strerror(errno));
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  if (bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) == 0) {
    const in_port_t network_order = bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                                                : reinterpret_cast<sockaddr_in*>(&bound)->sin_port;
    return Listener{fd, ntohs(network_order)};
  }
  const int error = errno;
  close(fd);
  if (error == EADDRINUSE) {
    return absl::UnavailableError(
        name + ": the port is in use; stop what holds it, or choose another (port 0 takes a free one)");
  }
  return absl::InvalidArgumentError(name + ": " + std::strerror(error) +
                                    "; give an address of this machine that may be bound");
}

absl::Status CheckBindable(const Address& address, std::string_view flag) {
  const absl::StatusOr<Listener> listener = Listen(address, flag);
  if (listener.ok()) close(listener->fd);
  return listener.status();
}

}  // namespace nmn::net
