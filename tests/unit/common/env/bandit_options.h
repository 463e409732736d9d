#pragma once

#include <cstdint>

#include "nmn/v1/run_config.pb.h"

namespace nmn::env {

// A bandit of so many arms and pulls.
inline v1::EnvironmentOptions BanditOptions(uint32_t arms, uint32_t horizon) {
  v1::EnvironmentOptions options;
  options.set_arms(arms);
  options.set_horizon(horizon);
  return options;
}

}  // namespace nmn::env
