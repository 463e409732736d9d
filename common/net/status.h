#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace nmn::net {

// absl::Status inside, grpc::Status only at the edge; the codes are the same numbers.
absl::Status ToAbsl(const grpc::Status& status);
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace nmn::net
