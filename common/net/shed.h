#pragma once

namespace nmn::net {

// A server that has no descriptor left (ulimit -n) closes new connections, and takes them again once descriptors are
// free. gRPC 1.51 alone would stop listening for good: its listener ends at the first EMFILE of accept4. So this
// program has an accept4 of its own before libc's, which keeps some descriptors in reserve: it gives one up, accepts,
// closes what it accepted and takes the reserve back. gRPC only sees that nobody waits.
//
// Takes the reserve, and starts a thread that waits for the case that other threads took it. Call it before a server
// listens; again is no harm.
void KeepDescriptorsInReserve();

}  // namespace nmn::net
