#pragma once

#include <chrono>

#include "absl/status/statusor.h"
#include "common/fs/descriptor.h"
#include "common/net/address.h"

namespace nmn::net {

// Waits until the socket is ready for `events` of poll(2); false: `deadline` has passed.
bool Await(int fd, short events, std::chrono::steady_clock::time_point deadline);

// A TCP connection; the socket does not block. UNAVAILABLE, which names the address: nobody listens, no such host, or
// not by `deadline`. A name is looked up first, which the deadline does not bound.
absl::StatusOr<fs::Descriptor> Dial(const Address& address, std::chrono::steady_clock::time_point deadline);

}  // namespace nmn::net
