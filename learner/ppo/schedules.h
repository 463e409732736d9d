#pragma once

#include <cstdint>

#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

// What the KL after a policy update decides. A KL that is not finite counts as above every threshold.
struct KlDecision {
  bool revert = false;  // parameters and Adam state go back to before the update
  double beta = 0;
  double rate_multiplier = 0;
};

// The adaptive KL penalty (docs/specification.md section 3.6). Above 4 kl_target the update is reverted. Above 2
// kl_target beta is multiplied by 1.5, and after a revert once more. Below kl_target / 2 it is divided by 1.5. The
// learning rate's multiplier moves if beta has reached an end of its range.
KlDecision DecideKlPenalty(const v1::KlPenalty& options, double kl, double beta, double rate_multiplier);

// The rate's factor of the clipped objective. Below kl_target / 1.5 it is multiplied by rate_increase (never above
// max_rate_factor). Above 1.5 kl_target it is divided by rate_decrease. Above take_back_kl the update is reverted, and
// the factor falls all the same. beta stays. `kl_target` is the one in force at this update (KlTarget); 0: no control.
KlDecision DecideClippedRatio(const v1::ClippedRatio& options, double kl_target, double kl, double beta,
                              double rate_multiplier);

// Those below follow config::AnnealedFraction of `update`.

// Factor of both learning rates: from 1 to anneal_final.
double RateFactor(const v1::PpoOptions& options, uint32_t update);
// Of the clipped objective: from kl_target to final_kl_target over the same updates, or constant.
double KlTarget(const v1::PpoOptions& options, uint32_t update);
// Coefficient of the entropy bonus: constant, or from its value to 0 over the same updates.
double EntropyBonus(const v1::PpoOptions& options, uint32_t update);

}  // namespace nmn::ppo
