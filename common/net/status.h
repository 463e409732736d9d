#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace nmn::net {

// absl::Status inside, grpc::Status only at the edge; the codes are the same numbers. What gRPC says of a server that
// it does not reach is put into plain words.
absl::Status ToAbsl(const grpc::Status& status);
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace nmn::net
