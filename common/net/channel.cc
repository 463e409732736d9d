#include "common/net/channel.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/resource_quota.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "common/sync/mutex.h"

namespace nmn::net {
namespace {

constexpr int kKeepaliveMs = 10'000;
constexpr int kKeepaliveTimeoutMs = 5'000;
constexpr int kServerPingFloorMs = 5'000;  // below the client's interval, or the server would call its pings a flood
constexpr int kShortestReconnectMs = 100;
constexpr int kLongestReconnectMs = 5'000;
constexpr int kConnectTimeoutMs = 5'000;
constexpr int kMsOfSecond = 1000;

using HearLine = std::function<void(std::string_view)>;

struct ErrorListener {
  Mutex mutex;
  std::shared_ptr<const HearLine> listener NMN_GUARDED_BY(mutex);
};

// Never destroyed: gRPC's threads log until the process ends.
ErrorListener& Errors() {
  static auto* const errors = new ErrorListener;
  return *errors;
}

void Tell(std::string_view line) {
  std::shared_ptr<const HearLine> told;
  {
    MutexLock lock(Errors().mutex);
    told = Errors().listener;
  }
  if (told != nullptr) (*told)(line);
}

}  // namespace

grpc::ChannelArguments ClientArguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kShortestReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestReconnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
                   kConnectTimeoutMs);  // gRPC uses it as the time-out of one attempt
  // What a machine has in http_proxy and its like is for the web; the learner's machine is reached as it is named.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A channel of its own: processes that share one through gRPC's pool would share its broken connections too.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  return arguments;
}

std::shared_ptr<grpc::Channel> CreateChannel(const Address& address,
                                             std::shared_ptr<grpc::ChannelCredentials> credentials) {
  RouteGrpcLog();
  if (credentials == nullptr) credentials = grpc::InsecureChannelCredentials();
  return grpc::CreateCustomChannel(ToString(address), credentials, ClientArguments());
}

void ConfigureServer(grpc::ServerBuilder& builder, const ServerLimits& limits) {
  RouteGrpcLog();
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kServerPingFloorMs);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             static_cast<int>(limits.handshake_seconds * kMsOfSecond));
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, limits.metadata_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.connection_calls);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  builder.SetResourceQuota(grpc::ResourceQuota("learner").Resize(limits.memory_bytes));
}

void RouteGrpcLog() {
  static const bool routed = [] {
    gpr_set_log_function([](gpr_log_func_args* line) {
      const auto level = line->severity == GPR_LOG_SEVERITY_ERROR ? spdlog::level::debug : spdlog::level::trace;
      spdlog::log(level, "grpc: {}", line->message);
      if (line->severity == GPR_LOG_SEVERITY_ERROR) Tell(line->message);
    });
    return true;
  }();
  static_cast<void>(routed);
}

void OnGrpcError(HearLine listener) {
  MutexLock lock(Errors().mutex);
  Errors().listener = std::make_shared<const HearLine>(std::move(listener));
}

}  // namespace nmn::net
