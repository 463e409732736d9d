#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "actor/weights_assembler.h"
#include "nmn/v1/learner.grpc.pb.h"

namespace nmn::actor {

// Largest set of parameters an actor accepts; the networks of the paper have up to 0.3 MB.
inline constexpr size_t kMaxWeightsBytes = size_t{64} << 20;

// The learner's calls that block, each with a deadline, each cancelled by `stop` (CANCELLED). Thread-safe.
class LearnerClient {
 public:
  explicit LearnerClient(const std::shared_ptr<grpc::Channel>& channel) : stub_(v1::LearnerService::NewStub(channel)) {}

  v1::LearnerService::Stub& stub() { return *stub_; }

  // With `wait_for_ready`, waits for a connection up to the deadline instead of failing at once.
  absl::StatusOr<v1::RegisterResponse> Register(const v1::RegisterRequest& request, std::chrono::milliseconds timeout,
                                                bool wait_for_ready, const std::stop_token& stop);

  absl::StatusOr<std::shared_ptr<const PolicyWeights>> FetchWeights(const std::string& run_id, uint32_t generation,
                                                                    std::chrono::milliseconds timeout,
                                                                    const std::stop_token& stop);

 private:
  std::unique_ptr<v1::LearnerService::Stub> stub_;
};

}  // namespace nmn::actor
