#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "actor/play/player.h"
#include "cli/policy_choice.h"

namespace nmn::cli {

// Networks play in the actors' own rollout engine, rules beside the environment.
absl::StatusOr<std::unique_ptr<play::Player>> MakePlayer(const PolicyChoice& choice, const PolicyFlags& flags,
                                                         size_t max_lanes);

}  // namespace nmn::cli
