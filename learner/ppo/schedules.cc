#include "learner/ppo/schedules.h"

#include <algorithm>
#include <cmath>

#include "common/config/schedule.h"

namespace nmn::ppo {
namespace {

// Constants of the reference's rule (docs/specification.md section 3.6).
constexpr double kRevertRatio = 4.0;     // of kl_target
constexpr double kHighRatio = 2.0;       // of kl_target
constexpr double kLowRatio = 0.5;        // of kl_target
constexpr double kAdaptation = 1.5;      // of beta and of the rate's multiplier
constexpr double kBetaSaturated = 30.0;  // beta beyond this, or below its inverse, moves the rate
constexpr double kRateBand = 1.5;  // the clipped objective leaves the rate alone within this ratio of its kl_target

bool Above(double kl, double threshold) { return !std::isfinite(kl) || kl > threshold; }

}  // namespace

KlDecision DecideKlPenalty(const v1::KlPenalty& options, double kl, double beta, double rate_multiplier) {
  KlDecision next{
      .revert = Above(kl, kRevertRatio * options.kl_target()), .beta = beta, .rate_multiplier = rate_multiplier};
  if (next.revert) next.beta = std::min(options.beta_max(), kAdaptation * next.beta);
  if (Above(kl, kHighRatio * options.kl_target())) {
    next.beta = std::min(options.beta_max(), kAdaptation * next.beta);
    if (next.beta > kBetaSaturated) next.rate_multiplier /= kAdaptation;
  } else if (kl < kLowRatio * options.kl_target()) {
    next.beta = std::max(1.0 / options.beta_max(), next.beta / kAdaptation);
    if (next.beta < 1.0 / kBetaSaturated) next.rate_multiplier *= kAdaptation;
  }
  return next;
}

KlDecision DecideClippedRatio(const v1::ClippedRatio& options, double kl_target, double kl, double beta,
                              double rate_multiplier) {
  KlDecision next{.revert = !std::isfinite(kl), .beta = beta, .rate_multiplier = rate_multiplier};
  if (options.take_back_kl() > 0 && kl > options.take_back_kl()) next.revert = true;
  if (kl_target == 0) return next;
  if (next.revert || Above(kl, kRateBand * kl_target)) {
    next.rate_multiplier /= options.rate_decrease();
  } else if (kl < kl_target / kRateBand) {
    next.rate_multiplier = std::min(options.max_rate_factor(), next.rate_multiplier * options.rate_increase());
  }
  return next;
}

double RateFactor(const v1::PpoOptions& options, uint32_t update) {
  return 1.0 + (options.anneal_final() - 1.0) * config::AnnealedFraction(options, update);
}

double KlTarget(const v1::PpoOptions& options, uint32_t update) {
  const v1::ClippedRatio& ratio = options.clipped_ratio();
  if (ratio.final_kl_target() == 0) return ratio.kl_target();
  return ratio.kl_target() + (ratio.final_kl_target() - ratio.kl_target()) * config::AnnealedFraction(options, update);
}

double EntropyBonus(const v1::PpoOptions& options, uint32_t update) {
  const double remaining =
      options.policy().anneal_entropy_bonus() ? 1.0 - config::AnnealedFraction(options, update) : 1.0;
  return options.policy().entropy_bonus() * remaining;
}

}  // namespace nmn::ppo
