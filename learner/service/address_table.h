#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "learner/ingest/lease_table.h"

namespace nmn::service {

// Whose a connection is, from what gRPC calls its peer ("ipv4:192.0.2.7:41234"): its IPv4 address, or the /64 of its
// IPv6 address, which one host may have all of. Empty: not from a network.
std::string PeerAddress(std::string_view peer);

// How many streams each peer address has open, and how often it registers. Those that are not from a network have no
// limit. Pure; not thread-safe.
class AddressTable {
 public:
  // 0 is no limit. `registrations`: within a minute; all at once if need be.
  AddressTable(uint32_t streams, uint32_t registrations) : streams_(streams), registrations_(registrations) {}

  // False: the address has as many as it may. Each that was opened is closed once.
  bool OpenStream(const std::string& address, ingest::Time now);
  void CloseStream(const std::string& address);
  // False: it has registered too often.
  bool Register(const std::string& address, ingest::Time now);

  size_t size() const { return entries_.size(); }  // addresses that are remembered

 private:
  struct Entry {
    uint32_t streams = 0;
    double registrations_left = 0;  // at `seen`
    ingest::Time seen = 0;
  };
  Entry& At(const std::string& address, ingest::Time now);
  void ForgetTheQuiet(ingest::Time now);

  const uint32_t streams_;
  const uint32_t registrations_;
  std::map<std::string, Entry> entries_;
  size_t forget_at_ = kForgetAbove;  // entries

  static constexpr size_t kForgetAbove = 1024;
};

}  // namespace nmn::service
