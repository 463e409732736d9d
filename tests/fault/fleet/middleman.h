#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/server.h>

#include <functional>
#include <memory>
#include <string>

#include "nmn/v1/learner.grpc.pb.h"

namespace nmn::fault {

// A LearnerService that passes every rpc on to a learner and changes each message on its way, up and down: what a
// process of another version would say. `change` is called from many threads. Serves until destroyed; actors must be
// gone by then.
class Middleman : public v1::LearnerService::Service {
 public:
  using Change = std::function<void(google::protobuf::Message&)>;

  Middleman(uint16_t learner_port, Change change);
  ~Middleman() override;

  const std::string& address() const { return address_; }

  grpc::Status Register(grpc::ServerContext* context, const v1::RegisterRequest* request,
                        v1::RegisterResponse* response) override;
  grpc::Status Exchange(grpc::ServerContext* context,
                        grpc::ServerReaderWriter<v1::LearnerMessage, v1::ActorMessage>* actor) override;
  grpc::Status FetchWeights(grpc::ServerContext* context, const v1::FetchWeightsRequest* request,
                            grpc::ServerWriter<v1::WeightsChunk>* writer) override;
  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest* request,
                         v1::GetStatusResponse* response) override;

 private:
  const Change change_;
  std::unique_ptr<v1::LearnerService::Stub> learner_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace nmn::fault
