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

// The same limits for a server: keepalive both ways, message cap, a quota on memory, silent connections closed after
// 10 s, and no SO_REUSEPORT (gRPC's default, which hides that a port is in use).
void ConfigureServer(grpc::ServerBuilder& builder, size_t quota_bytes);

// gRPC's own log lines go to spdlog: its errors as debug, because what matters to a user comes as a status.
void RouteGrpcLog();

// From now on `listener` hears each of gRPC's error lines too, on the thread that it belongs to: of a handshake that
// fails early gRPC tells nobody else. It takes the place of the one before. Thread-safe.
void OnGrpcError(std::function<void(std::string_view line)> listener);

}  // namespace nmn::net
