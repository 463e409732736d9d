#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "common/net/address.h"

namespace nmn::net {

inline constexpr int kMaxMessageBytes = 8 << 20;
// Larger payloads travel in pieces of at most this; well below the cap, so that small messages get in between.
inline constexpr size_t kChunkBytes = 1 << 20;

// Keepalive 10 s with a time-out of 5 s, message cap, reconnection of the channel within 0.1 to 5 s (gRPC's own grows
// to 120 s), and no proxy, whatever the environment says.
grpc::ChannelArguments ClientArguments();

// A channel to a server; without `credentials` in plain text. Does not connect yet.
std::shared_ptr<grpc::Channel> CreateChannel(const Address& address,
                                             std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr);

// What the clients of a server may take.
struct ServerLimits {
  size_t memory_bytes = 0;        // of gRPC, for all connections together
  int metadata_bytes = 16 << 10;  // of one call
  double handshake_seconds = 10;  // until a connection has said that it speaks HTTP/2; gRPC's own limit is 120 s
  int connection_calls = 1024;    // under way on one connection; others wait at the client
};

// The same for a server: keepalive both ways, message cap, limits, and no SO_REUSEPORT (gRPC's default, which hides
// that a port is in use).
void ConfigureServer(grpc::ServerBuilder& builder, const ServerLimits& limits);

// gRPC's own log lines go to spdlog: its errors as debug, because what matters to a user comes as a status.
void RouteGrpcLog();

// From now on `listener` hears each of gRPC's error lines too, on the thread that it belongs to: of a handshake that
// fails early gRPC tells nobody else. It takes the place of the one before. Thread-safe.
void OnGrpcError(std::function<void(std::string_view line)> listener);

}  // namespace nmn::net
