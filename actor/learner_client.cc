#include "actor/learner_client.h"

#include <grpcpp/client_context.h>

#include "common/net/status.h"

namespace nmn::actor {

absl::StatusOr<v1::RegisterResponse> LearnerClient::Register(const v1::RegisterRequest& request,
                                                             std::chrono::milliseconds timeout, bool wait_for_ready,
                                                             const std::stop_token& stop) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  context.set_wait_for_ready(wait_for_ready);
  const std::stop_callback cancel(stop, [&] { context.TryCancel(); });
  v1::RegisterResponse response;
  const grpc::Status status = stub_->Register(&context, request, &response);
  if (!status.ok()) return net::ToAbsl(status);
  return response;
}

absl::StatusOr<std::shared_ptr<const PolicyWeights>> LearnerClient::FetchWeights(const std::string& run_id,
                                                                                 uint32_t generation,
                                                                                 std::chrono::milliseconds timeout,
                                                                                 const std::stop_token& stop) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  const std::stop_callback cancel(stop, [&] { context.TryCancel(); });
  v1::FetchWeightsRequest request;
  request.set_run_id(run_id);
  request.set_generation(generation);
  const auto reader = stub_->FetchWeights(&context, request);
  WeightsAssembler assembler(kMaxWeightsBytes);
  std::shared_ptr<const PolicyWeights> weights;
  absl::Status assembled;
  for (v1::WeightsChunk chunk; assembled.ok() && reader->Read(&chunk);) {
    const absl::StatusOr<std::shared_ptr<const PolicyWeights>> added = assembler.Add(chunk);
    assembled = added.status();
    if (added.ok() && *added != nullptr) weights = *added;
  }
  if (!assembled.ok()) context.TryCancel();
  const grpc::Status status = reader->Finish();
  if (!assembled.ok()) return assembled;
  if (!status.ok()) return net::ToAbsl(status);
  if (weights == nullptr) return absl::DataLossError("the weights ended before they were complete");
  return weights;
}

}  // namespace nmn::actor
