#pragma once

#include "absl/status/status.h"

namespace nmn::net {

// Allows this process as many open files as the system lets it have: each connection is one, and the usual soft limit
// of 1024 is less than a crowd of actors. INTERNAL where the system refuses; the limit stays as it was.
absl::Status RaiseFileLimit();

}  // namespace nmn::net
