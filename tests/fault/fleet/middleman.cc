#include "tests/fault/fleet/middleman.h"

#include <grpcpp/client_context.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "common/net/channel.h"
#include "tests/fault/fleet/fleet.h"

namespace nmn::fault {
namespace {

constexpr auto kCallLimit = std::chrono::seconds(10);

}  // namespace

Middleman::Middleman(uint16_t learner_port, Change change)
    : change_(std::move(change)),
      learner_(v1::LearnerService::NewStub(net::CreateChannel({"127.0.0.1", learner_port}))),
      address_("127.0.0.1:" + std::to_string(FreePort())) {
  grpc::ServerBuilder builder;
  net::ConfigureServer(builder, {.memory_bytes = size_t{256} << 20});
  builder.AddListeningPort(address_, grpc::InsecureServerCredentials());
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

Middleman::~Middleman() { server_->Shutdown(std::chrono::system_clock::now()); }

grpc::Status Middleman::Register(grpc::ServerContext*, const v1::RegisterRequest* request,
                                 v1::RegisterResponse* response) {
  v1::RegisterRequest changed = *request;
  change_(changed);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallLimit);
  grpc::Status status = learner_->Register(&context, changed, response);
  change_(*response);
  return status;
}

grpc::Status Middleman::Exchange(grpc::ServerContext* context,
                                 grpc::ServerReaderWriter<v1::LearnerMessage, v1::ActorMessage>* actor) {
  grpc::ClientContext onward;
  const auto learner = learner_->Exchange(&onward);
  std::atomic<bool> actor_done = false;
  std::thread down([&] {
    v1::LearnerMessage message;
    while (learner->Read(&message)) {
      change_(message);
      actor->Write(message);
    }
    if (!actor_done) context->TryCancel();  // the learner ended it; the read below must not wait for ever
  });
  v1::ActorMessage message;
  while (actor->Read(&message)) {
    change_(message);
    if (!learner->Write(message)) break;
  }
  actor_done = true;
  learner->WritesDone();
  if (context->IsCancelled()) onward.TryCancel();
  down.join();
  return learner->Finish();
}

grpc::Status Middleman::FetchWeights(grpc::ServerContext*, const v1::FetchWeightsRequest* request,
                                     grpc::ServerWriter<v1::WeightsChunk>* writer) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallLimit);
  const auto reader = learner_->FetchWeights(&context, *request);
  v1::WeightsChunk chunk;
  while (reader->Read(&chunk)) {
    change_(chunk);
    writer->Write(chunk);
  }
  return reader->Finish();
}

grpc::Status Middleman::GetStatus(grpc::ServerContext*, const v1::GetStatusRequest* request,
                                  v1::GetStatusResponse* response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallLimit);
  return learner_->GetStatus(&context, *request, response);
}

}  // namespace nmn::fault
