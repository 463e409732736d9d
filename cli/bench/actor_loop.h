#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "actor/rollout.h"

namespace nmn::cli::bench {

// The actor's loop with our forward pass, or the same loop with LibTorch's.
enum class ForwardBy { kOurs, kLibTorch };
absl::StatusOr<std::unique_ptr<actor::RolloutEngine>> MakeRollout(const v1::RunConfig& config, size_t lanes,
                                                                  ForwardBy by);

}  // namespace nmn::cli::bench
