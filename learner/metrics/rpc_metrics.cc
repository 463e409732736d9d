#include "learner/metrics/rpc_metrics.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "common/metrics/registry.h"

namespace nmn::metrics {
namespace {

constexpr char kService[] = "/nmn.v1.LearnerService/";

constexpr std::array<const char*, RpcMetrics::kCodes> kCodeNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

bool IsUnary(std::string_view method) { return method == "Register" || method == "GetStatus"; }

// Watches one rpc until its status is sent.
class Watcher : public grpc::experimental::Interceptor {
 public:
  explicit Watcher(const RpcMetrics::Method& method) : method_(method) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* batch) override {
    if (batch->QueryInterceptionHookPoint(grpc::experimental::InterceptionHookPoints::PRE_SEND_STATUS)) {
      const auto code = static_cast<size_t>(batch->GetSendStatus().error_code());
      method_.handled[std::min(code, RpcMetrics::kCodes - 1)]->Increment();
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
      if (method_.seconds != nullptr) method_.seconds->Observe(elapsed.count());
    }
    batch->Proceed();
  }

 private:
  const RpcMetrics::Method& method_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

class WatcherFactory : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit WatcherFactory(const std::array<RpcMetrics::Method, RpcMetrics::kMethods.size()>& methods)
      : methods_(methods) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* info) override {
    const std::string_view name = info->method();
    if (name.rfind(kService, 0) != 0) return nullptr;
    const auto found =
        std::find(RpcMetrics::kMethods.begin(), RpcMetrics::kMethods.end(), name.substr(sizeof(kService) - 1));
    if (found == RpcMetrics::kMethods.end()) return nullptr;
    return new Watcher(methods_[static_cast<size_t>(found - RpcMetrics::kMethods.begin())]);
  }

 private:
  const std::array<RpcMetrics::Method, RpcMetrics::kMethods.size()>& methods_;
};

}  // namespace

RpcMetrics::RpcMetrics(prometheus::Registry& registry) {
  for (size_t m = 0; m < kMethods.size(); ++m) {
    const std::string method(kMethods[m]);
    for (size_t code = 0; code < kCodes; ++code) {
      methods_[m].handled[code] = &AddCounter(registry, "nmn_grpc_server_handled_total", "Rpcs by how they ended.",
                                              {{"method", method}, {"code", kCodeNames[code]}});
    }
    if (!IsUnary(method)) continue;
    methods_[m].seconds =
        &AddHistogram(registry, "nmn_grpc_server_handling_seconds", "Time a unary rpc took in the learner.",
                      {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5}, {{"method", method}});
  }
}

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> RpcMetrics::Interceptors() {
  return std::make_unique<WatcherFactory>(methods_);
}

}  // namespace nmn::metrics
