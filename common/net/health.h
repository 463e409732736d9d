#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <memory>

#include "absl/status/status.h"

namespace nmn::net {

// Asks grpc.health.v1.Health/Check of the whole server. OK: SERVING. UNAVAILABLE: anything else, with what it said or
// why nobody did.
absl::Status CheckHealth(const std::shared_ptr<grpc::Channel>& channel, std::chrono::milliseconds timeout);

}  // namespace nmn::net
