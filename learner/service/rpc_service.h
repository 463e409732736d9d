#pragma once

#include <cstdint>
#include <string>

#include "common/sync/mutex.h"
#include "learner/service/hub.h"
#include "nmn/v1/learner.grpc.pb.h"

namespace nmn::service {

// What the run says of itself to GetStatus.
struct Progress {
  std::string state;    // as in GetStatusResponse
  uint32_t update = 0;  // completed
  uint32_t budget_updates = 0;
  double return_mean = 0;
  double discounted_return_mean = 0;
  double seconds_left = 0;  // 0: unknown
};

// LearnerService over the hub; thin. Thread-safe.
class RpcService : public v1::LearnerService::CallbackService {
 public:
  struct Identity {
    std::string run_id;
    uint32_t generation = 0;
    v1::RunConfig config;
    std::string config_hash;
    v1::BuildInfo build;
    bool allow_mixed = false;
  };

  RpcService(Hub& hub, Identity identity) : hub_(hub), identity_(std::move(identity)) {}

  void SetProgress(const Progress& progress);
  // What GetStatus answers.
  v1::GetStatusResponse Status() const;

  grpc::ServerUnaryReactor* Register(grpc::CallbackServerContext* context, const v1::RegisterRequest* request,
                                     v1::RegisterResponse* response) override;
  grpc::ServerBidiReactor<v1::ActorMessage, v1::LearnerMessage>* Exchange(
      grpc::CallbackServerContext* context) override;
  grpc::ServerWriteReactor<v1::WeightsChunk>* FetchWeights(grpc::CallbackServerContext* context,
                                                           const v1::FetchWeightsRequest* request) override;
  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context, const v1::GetStatusRequest* request,
                                      v1::GetStatusResponse* response) override;

 private:
  absl::Status CheckBuild(const v1::BuildInfo& build) const;
  // Counts one more stream of this address; RESOURCE_EXHAUSTED: there are too many, there or in all.
  absl::Status TakeStream(const std::string& address);

  Hub& hub_;
  const Identity identity_;
  Progress progress_ NMN_GUARDED_BY(hub_.mutex);
};

}  // namespace nmn::service
