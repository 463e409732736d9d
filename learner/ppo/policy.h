#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "learner/ppo/network.h"
#include "learner/ppo/policy_head.h"
#include "learner/ppo/update_context.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

// What a policy loss needs to know about each sample, as the actors recorded it. All [time, sequence], or [time, width,
// sequence] where there are more numbers than one.
struct PolicySamples {
  at::Tensor raw_action;  // u
  at::Tensor advantage;   // normalised
  Policy old;             // the behaviour policy, as recorded
  Policy before;          // the policy before the update, if that is another one (ASYNC); else undefined

  // The policy that the KL of an update is measured from. With lag, the distance to the policy that acted says nothing
  // about the step.
  const Policy& kl_origin() const { return before.defined() ? before : old; }
};

// pi(u) / pi_old(u).
at::Tensor ProbabilityRatio(const PolicySamples& samples, const Policy& policy);

// docs/specification.md section 3.5, one loss a sample:
//   -A ratio + beta KL(before || new) + hinge_coefficient max(0, KL - 2 kl_target)^2
at::Tensor KlPenaltyLoss(const PolicySamples& samples, const Policy& policy, const v1::KlPenalty& options, double beta);

// Schulman 2017, eq. 7, one loss a sample: -min(A ratio, A clip(ratio, 1 - clip, 1 + clip)).
at::Tensor ClippedRatioLoss(const PolicySamples& samples, const Policy& policy, double clip);

// Whether a sample's ratio is outside [1 - clip, 1 + clip], as 0 or 1.
at::Tensor IsClipped(const PolicySamples& samples, const Policy& policy, double clip);

struct PolicyUpdateResult {
  double loss = 0;           // mean of the last epoch
  double gradient_norm = 0;  // of the last step, before clipping
  double clip_fraction = 0;  // of the last epoch; NaN for KL_PENALTY
  double kl = 0;             // mean KL(before || new) over all kept steps, from a fresh pass from the zero state
  double entropy = 0;        // mean over the same pass
};

// Runs the epochs of one policy update (docs/specification.md section 3.5). Changes `actor`. The caller decides whether
// the KL is acceptable.
//   episodes [T', .., episode], samples [T', episode]; beta is read by KL_PENALTY, entropy_bonus by both objectives.
absl::StatusOr<PolicyUpdateResult> UpdatePolicy(LearnedNetwork& actor, const Sequences& episodes,
                                                const PolicySamples& samples, const v1::PpoOptions& options,
                                                double beta, double entropy_bonus, const UpdateContext& context);

}  // namespace nmn::ppo
