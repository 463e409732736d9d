#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/config/checks.h"
#include "common/config/config.h"

namespace nmn::config {
namespace {

std::string Reference(const char* value) { return absl::StrCat(kReference, value); }

void CheckAdam(const v1::AdamOptions& adam, Checks& checks) {
  const auto decay = [&](const char* path, double value, const std::string& reference) {
    checks.Number(path, value, value >= 0 && value < 1, "from 0 to below 1", reference);
  };
  const auto epsilon = [&](const char* path, double value, const std::string& reference) {
    checks.Number(path, value, value > 0 && value <= 1, "above 0 and at most 1", reference);
  };
  decay("ppo.adam.beta1", adam.beta1(), Reference("0.9"));
  decay("ppo.adam.beta2", adam.beta2(), Reference("0.999"));
  epsilon("ppo.adam.epsilon", adam.epsilon(), Reference("1e-8"));
  const char shared[] = "absent: as the policy's";
  if (adam.has_critic_beta1()) decay("ppo.adam.critic_beta1", adam.critic_beta1(), shared);
  if (adam.has_critic_beta2()) decay("ppo.adam.critic_beta2", adam.critic_beta2(), shared);
  if (adam.has_critic_epsilon()) epsilon("ppo.adam.critic_epsilon", adam.critic_epsilon(), shared);
}

void CheckShape(const v1::RunConfig& config, Checks& checks) {
  const v1::PpoOptions& ppo = config.ppo();
  const uint32_t horizon = Horizon(config);
  const uint32_t rollout = RolloutSteps(config);
  const char* played = ppo.rollout_steps() == 0 ? ", the horizon" : ", which is ppo.rollout_steps";
  checks.Range("ppo.episodes_per_update", ppo.episodes_per_update(), 1, 1000000, Reference("50"));
  checks.Number("ppo.rollout_steps", ppo.rollout_steps(), ppo.rollout_steps() <= horizon,
                absl::StrCat("0 (all steps) or from 1 to ", horizon, ", the horizon"), Reference("0"));
  const uint32_t kept = KeptSteps(config);
  checks.Number("ppo.kept_steps", ppo.kept_steps(), ppo.kept_steps() <= rollout,
                absl::StrCat("from 1 to ", rollout, played, ", or 0 for all of it"),
                Reference("400 in b1, 2000 in b2 and b3"));
  checks.Number("ppo.valued_steps", ppo.valued_steps(),
                ppo.valued_steps() == 0 || (ppo.valued_steps() >= kept && ppo.valued_steps() <= rollout),
                absl::StrCat("0 (all steps) or from ", kept, ", which is ppo.kept_steps, to ", rollout, played),
                Reference("0"));
  checks.Text("ppo.trial_end", v1::TrialEnd_Name(ppo.trial_end()),
              ppo.trial_end() != v1::CUT || (config.task().has_trials() && ppo.valued_steps() == 0),
              "CONTINUE where the task has no trials, or where ppo.valued_steps is not 0");
  checks.Number("ppo.segment_steps", ppo.segment_steps(), kept % std::max(ppo.segment_steps(), 1u) == 0,
                absl::StrCat("a divisor of ppo.kept_steps, which is ", kept, ", or 0 for the largest up to 200"),
                Reference("200"));
  checks.Number("ppo.discount", ppo.discount(), ppo.discount() >= 0 && ppo.discount() < 1,
                "from 0 to below 1, because rewards are scaled by 1 - discount", Reference("0.998"));
  checks.Range("ppo.trace_decay", ppo.trace_decay(), 0, 1, Reference("0.98"));
  CheckAdam(ppo.adam(), checks);
}

void CheckPolicy(const v1::RunConfig& config, uint64_t segments_of_episode, Checks& checks) {
  const v1::PpoOptions& ppo = config.ppo();
  const v1::PolicyUpdate& policy = ppo.policy();
  const uint64_t segments = ppo.episodes_per_update() * segments_of_episode;
  checks.Range("ppo.policy.epochs", policy.epochs(), 1, 10000, Reference("20"));
  checks.Number("ppo.policy.minibatch_segments", policy.minibatch_segments(), policy.minibatch_segments() <= segments,
                absl::StrCat("at most ", segments, ", the segments of an update; 0 is all of them"), Reference("0"));
  checks.Number("ppo.policy.learning_rate", policy.learning_rate(),
                policy.learning_rate() > 0 && policy.learning_rate() <= 1, "above 0 and at most 1", Reference("2e-4"));
  checks.Number("ppo.policy.gradient_clip_norm", policy.gradient_clip_norm(), policy.gradient_clip_norm() >= 0,
                "0 (off) or above", Reference("0"));
  checks.Number("ppo.policy.entropy_bonus", policy.entropy_bonus(), policy.entropy_bonus() >= 0, "0 (off) or above",
                Reference("0"));
  const bool has_floor = config.network().min_log_variance() != 0 || config.network().max_log_variance() != 0;
  checks.Number(
      "ppo.policy.final_min_log_variance", policy.final_min_log_variance(),
      !policy.has_final_min_log_variance() || (has_floor && ppo.anneal_updates() > 0 &&
                                               policy.final_min_log_variance() < config.network().max_log_variance()),
      absl::StrCat("below network.max_log_variance, which is ", NumberText(config.network().max_log_variance()),
                   ", and absent where ppo.anneal_updates or both bounds are 0"));
  checks.Text("ppo.policy.anneal_entropy_bonus", "true",
              !policy.anneal_entropy_bonus() || (policy.entropy_bonus() > 0 && ppo.anneal_updates() > 0),
              "false where ppo.policy.entropy_bonus or ppo.anneal_updates is 0");
}

void CheckCritic(const v1::PpoOptions& ppo, uint64_t segments_of_episode, Checks& checks) {
  const v1::CriticUpdate& critic = ppo.critic();
  const uint64_t segments = critic.replay_episodes() * segments_of_episode;
  checks.Range("ppo.critic.epochs", critic.epochs(), 1, 10000, Reference("10"));
  checks.Number(
      "ppo.critic.replay_episodes", critic.replay_episodes(),
      critic.replay_episodes() >= ppo.episodes_per_update() && critic.replay_episodes() <= 1000000 &&
          critic.replay_episodes() % ppo.episodes_per_update() == 0,
      absl::StrCat("a multiple of ppo.episodes_per_update, which is ", ppo.episodes_per_update(), ", up to 1000000"),
      Reference("150"));
  checks.Number("ppo.critic.minibatch_segments", critic.minibatch_segments(),
                critic.minibatch_segments() >= 1 && critic.minibatch_segments() <= segments,
                absl::StrCat("from 1 to ", segments, ", the segments of the replay"), Reference("25"));
  checks.Number("ppo.critic.learning_rate", critic.learning_rate(),
                critic.learning_rate() > 0 && critic.learning_rate() <= 1, "above 0 and at most 1", Reference("6e-3"));
  checks.Number("ppo.critic.gradient_clip_norm", critic.gradient_clip_norm(), critic.gradient_clip_norm() >= 0,
                "0 (off) or above", Reference("0"));
  checks.Text("ppo.critic.target", v1::CriticTarget_Name(critic.target()),
              critic.target() != v1::CRITIC_TARGET_UNSPECIFIED, "DISCOUNTED_RETURN or LAMBDA_RETURN",
              Reference("DISCOUNTED_RETURN"));
  checks.Text("ppo.critic.loss", v1::CriticLoss_Name(critic.loss()), critic.loss() != v1::CRITIC_LOSS_UNSPECIFIED,
              "SQUARED or HUBER", Reference("SQUARED"));
  checks.Number("ppo.critic.huber_delta", critic.huber_delta(),
                critic.loss() == v1::HUBER ? critic.huber_delta() > 0 : critic.huber_delta() >= 0,
                critic.loss() == v1::HUBER ? "above 0 with the HUBER loss" : "0 or above");
}

void CheckKlPenalty(const v1::KlPenalty& penalty, Checks& checks) {
  checks.Number("ppo.kl_penalty.kl_target", penalty.kl_target(), penalty.kl_target() > 0, "above 0",
                Reference("0.003"));
  checks.Number("ppo.kl_penalty.hinge_coefficient", penalty.hinge_coefficient(), penalty.hinge_coefficient() >= 0,
                "0 (off) or above", Reference("50"));
  checks.Number("ppo.kl_penalty.beta_max", penalty.beta_max(), penalty.beta_max() >= 1, "1 or above", Reference("35"));
  checks.Number("ppo.kl_penalty.beta_initial", penalty.beta_initial(),
                penalty.beta_initial() * penalty.beta_max() >= 1 && penalty.beta_initial() <= penalty.beta_max(),
                "from 1 / ppo.kl_penalty.beta_max to ppo.kl_penalty.beta_max", Reference("1"));
}

void CheckClippedRatio(const v1::ClippedRatio& ratio, Checks& checks) {
  checks.Number("ppo.clipped_ratio.clip", ratio.clip(), ratio.clip() > 0 && ratio.clip() < 1, "above 0 and below 1",
                "Schulman 2017 uses 0.2");
  checks.Number("ppo.clipped_ratio.kl_target", ratio.kl_target(), ratio.kl_target() >= 0,
                "0 (no control of the rate) or above", "the fast presets use 0.015");
  checks.Number("ppo.clipped_ratio.final_kl_target", ratio.final_kl_target(),
                ratio.final_kl_target() == 0 || (ratio.final_kl_target() > 0 && ratio.kl_target() > 0),
                "0 (kl_target stays) or above, and 0 where ppo.clipped_ratio.kl_target is 0",
                "the fast presets use 0.002");
  if (ratio.kl_target() > 0) {
    checks.Number("ppo.clipped_ratio.rate_increase", ratio.rate_increase(),
                  ratio.rate_increase() >= 1 && ratio.rate_increase() <= 1e6, "from 1 to 1e6",
                  "the fast presets use 1.15");
    checks.Number("ppo.clipped_ratio.rate_decrease", ratio.rate_decrease(),
                  ratio.rate_decrease() >= 1 && ratio.rate_decrease() <= 1e6, "from 1 to 1e6",
                  "the fast presets use 1.3");
    checks.Number("ppo.clipped_ratio.max_rate_factor", ratio.max_rate_factor(),
                  ratio.max_rate_factor() >= 1 && ratio.max_rate_factor() <= 1e6, "from 1 to 1e6",
                  "the fast presets use 1");
  }
  checks.Number("ppo.clipped_ratio.take_back_kl", ratio.take_back_kl(), ratio.take_back_kl() >= 0, "0 (never) or above",
                "the fast presets use 0.05");
}

}  // namespace

absl::Status ValidatePpo(const v1::RunConfig& config) {
  const v1::PpoOptions& ppo = config.ppo();
  Checks checks;
  checks.Text("ppo.objective", v1::Objective_Name(ppo.objective()), ppo.objective() != v1::OBJECTIVE_UNSPECIFIED,
              "KL_PENALTY or CLIPPED_RATIO", Reference("KL_PENALTY"));
  CheckShape(config, checks);
  if (!checks.ok()) return checks.status();
  const uint64_t segments_of_episode = KeptSteps(config) / SegmentSteps(config);
  CheckPolicy(config, segments_of_episode, checks);
  CheckCritic(ppo, segments_of_episode, checks);
  if (ppo.objective() == v1::KL_PENALTY) CheckKlPenalty(ppo.kl_penalty(), checks);
  if (ppo.objective() == v1::CLIPPED_RATIO) CheckClippedRatio(ppo.clipped_ratio(), checks);
  checks.Range("ppo.anneal_updates", ppo.anneal_updates(), 0, 1000000000, Reference("0"));
  checks.Range("ppo.anneal_final", ppo.anneal_final(), 0, 1,
               Reference("0, which nothing reads while ppo.anneal_updates is 0"));
  return checks.status();
}

}  // namespace nmn::config
