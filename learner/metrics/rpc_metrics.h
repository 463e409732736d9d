#pragma once

#include <grpcpp/support/server_interceptor.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <memory>
#include <string_view>

namespace nmn::metrics {

// The learner's rpcs by how they ended, and how long the unary ones took. Counts whatever LearnerService has and
// nothing else (not grpc.health.v1), so the labels are bounded. Thread-safe.
class RpcMetrics {
 public:
  explicit RpcMetrics(prometheus::Registry& registry);

  // For ServerBuilder. Must not outlive this.
  std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> Interceptors();

  static constexpr std::array<std::string_view, 4> kMethods = {"Register", "Exchange", "FetchWeights", "GetStatus"};
  static constexpr size_t kCodes = 17;  // of grpc::StatusCode, from OK

  struct Method {
    std::array<prometheus::Counter*, kCodes> handled{};
    prometheus::Histogram* seconds = nullptr;  // null: a stream
  };

 private:
  std::array<Method, kMethods.size()> methods_;
};

}  // namespace nmn::metrics
