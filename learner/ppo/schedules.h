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

// The adaptive KL penalty (docs/specification.md section 3.6): revert above 4 kl_target; beta times 1.5 above 2
// kl_target, once more after a revert, and over 1.5 below kl_target / 2; the learning rate's multiplier moves where
// beta has reached an end of its range.
KlDecision DecideKlPenalty(const v1::KlPenalty& options, double kl, double beta, double rate_multiplier);

// The rate's factor of the clipped objective: times rate_increase below kl_target / 1.5 (never above max_rate_factor),
// over rate_decrease above 1.5 kl_target; revert above take_back_kl, with the factor reduced all the same. beta passes
// through.
// `kl_target` as in force at this update (KlTarget); 0: no control.
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
