#pragma once

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_context.h>

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "common/tls/tls.h"

namespace nmn::service {

// Who may do what on the learner's port: the one place that knows.
//
//   Register, Exchange       actors, under the ids of their certificates
//   FetchWeights, GetStatus  actors and operators
//   grpc.health.v1           whoever has a certificate
//
// Without TLS nobody is asked: the port is on loopback then, or --insecure was said. Actors of this process are not
// asked either. Thread-safe.
class Gate {
 public:
  explicit Gate(std::shared_ptr<tls::Tls> tls = nullptr) : tls_(std::move(tls)) {}  // null: plain text

  // Of the port. They refuse a call that its caller has no right to before any handler of it runs.
  std::shared_ptr<grpc::ServerCredentials> Credentials() const;

  // Whether the caller may be the actor of this id, which only its message tells. PERMISSION_DENIED names both; it is
  // counted and logged.
  absl::Status CheckActor(const grpc::ServerContextBase& context, std::string_view actor_id) const;

 private:
  std::shared_ptr<tls::Tls> tls_;
};

}  // namespace nmn::service
