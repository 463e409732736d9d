#include "learner/service/address_table.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "absl/strings/escaping.h"

namespace nmn::service {
namespace {

constexpr double kMinute = 60;
constexpr size_t kNetworkBytes = 8;  // /64

std::string NetworkOf(const in6_addr& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (IN6_IS_ADDR_V4MAPPED(&address))
    return inet_ntop(AF_INET, address.s6_addr + 12, text, sizeof(text)) == nullptr ? "" : text;
  in6_addr network{};
  std::copy_n(address.s6_addr, kNetworkBytes, network.s6_addr);
  return inet_ntop(AF_INET6, &network, text, sizeof(text)) == nullptr ? "" : std::string(text) + "/64";
}

}  // namespace

std::string PeerAddress(std::string_view peer) {
  constexpr std::string_view kV4 = "ipv4:", kV6 = "ipv6:", kOpen = "%5B", kClose = "%5D:";
  if (peer.starts_with(kV4)) return std::string(peer.substr(kV4.size(), peer.rfind(':') - kV4.size()));
  if (!peer.starts_with(kV6)) return "";
  peer.remove_prefix(kV6.size());
  // gRPC escapes the brackets, and before an interface's name the %.
  if (peer.starts_with(kOpen)) {
    peer = peer.substr(kOpen.size(), peer.find(kClose) - kOpen.size());
  } else if (peer.starts_with('[')) {
    peer = peer.substr(1, peer.find(']') - 1);
  }
  const std::string host(peer.substr(0, peer.find('%')));
  in6_addr address;
  return inet_pton(AF_INET6, host.c_str(), &address) == 1 ? NetworkOf(address) : host;
}

AddressTable::Entry& AddressTable::At(const std::string& address, ingest::Time now) {
  if (entries_.size() >= forget_at_) ForgetTheQuiet(now);
  const auto [found, fresh] = entries_.try_emplace(address);
  Entry& entry = found->second;
  const double refill = fresh ? registrations_ : (now - entry.seen) * registrations_ / kMinute;
  entry.registrations_left = std::min<double>(entry.registrations_left + refill, registrations_);
  entry.seen = now;
  return entry;
}

// Of who has nothing open, and could register as often as anybody, there is nothing to know.
void AddressTable::ForgetTheQuiet(ingest::Time now) {
  std::erase_if(entries_, [&](const auto& known) {
    const Entry& entry = known.second;
    return entry.streams == 0 &&
           entry.registrations_left + (now - entry.seen) * registrations_ / kMinute >= registrations_;
  });
  forget_at_ = std::max(kForgetAbove, 2 * entries_.size());
}

bool AddressTable::OpenStream(const std::string& address, ingest::Time now) {
  if (address.empty()) return true;
  Entry& entry = At(address, now);
  if (streams_ > 0 && entry.streams >= streams_) return false;
  ++entry.streams;
  return true;
}

void AddressTable::CloseStream(const std::string& address) {
  const auto found = entries_.find(address);
  if (found != entries_.end() && found->second.streams > 0) --found->second.streams;
}

bool AddressTable::Register(const std::string& address, ingest::Time now) {
  if (address.empty() || registrations_ == 0) return true;
  Entry& entry = At(address, now);
  if (entry.registrations_left < 1) return false;
  entry.registrations_left -= 1;
  return true;
}

}  // namespace nmn::service
