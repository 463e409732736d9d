#include "learner/metrics/update_metrics.h"

namespace nmn::metrics {
namespace {

using Record = const MetricsRecord&;
using Number = std::optional<double>;
using enum NumberKind;

constexpr UpdateMetric kUpdateMetrics[] = {
    {"update", "charts/update", nullptr, nullptr, kCount, [](Record r) -> Number { return r.update; }},
    {"wall_seconds", nullptr, nullptr, nullptr, kReal, [](Record r) -> Number { return r.wall_seconds; }},
    {"episodes", "charts/episodes", nullptr, nullptr, kCount,
     [](Record r) -> Number { return static_cast<double>(r.episodes); }},
    {"environment_steps", nullptr, nullptr, nullptr, kCount,
     [](Record r) -> Number { return static_cast<double>(r.environment_steps); }},
    {"return_mean", "charts/episodic_return", "nmn_return_mean",
     "Mean sum of raw rewards of the last update's episodes.", kReal, [](Record r) -> Number { return r.return_mean; }},
    {"return_sd", nullptr, "nmn_return_stddev", "Standard deviation of it over those episodes.", kReal,
     [](Record r) -> Number { return r.return_sd; }},
    {"discounted_mean", "charts/discounted_return", "nmn_discounted_return_mean",
     "Mean discounted return of the last update's episodes.", kReal,
     [](Record r) -> Number { return r.discounted_mean; }},
    {"discounted_last_1000", "charts/discounted_return_last_1000", "nmn_discounted_return_recent_mean",
     "Mean discounted return of the run's last 1000 episodes.", kReal,
     [](Record r) -> Number { return r.discounted_last_1000; }},
    {"trials_per_episode", "charts/trials_per_episode", "nmn_trials_per_episode_mean",
     "Mean number of trials that an episode of the last update completed.", kReal,
     [](Record r) { return r.trials_per_episode; }},
    {"steps_per_second", "charts/SPS", nullptr, nullptr, kReal, [](Record r) -> Number { return r.steps_per_second; }},
    {"wait_seconds", "charts/wait_seconds", nullptr, nullptr, kReal, [](Record r) -> Number { return r.wait_seconds; }},
    {"policy_lag_mean", "charts/policy_lag_mean", nullptr, nullptr, kReal,
     [](Record r) -> Number { return r.policy_lag_mean; }},
    {"policy_lag_max", "charts/policy_lag_max", nullptr, nullptr, kCount,
     [](Record r) -> Number { return r.policy_lag_max; }},
    {"policy_loss", "losses/policy_loss", "nmn_policy_loss", "Policy loss of the last epoch of the last update.", kReal,
     [](Record r) -> Number { return r.report.policy_loss; }},
    {"critic_loss", "losses/value_loss", "nmn_critic_loss", "Critic loss of the last epoch of the last update.", kReal,
     [](Record r) -> Number { return r.report.critic_loss; }},
    {"kl", "losses/approx_kl", "nmn_kl_divergence",
     "Mean KL of the old policy from the new after the last update, before any revert.", kReal,
     [](Record r) -> Number { return r.report.kl; }},
    {"reverted", "losses/reverted", nullptr, nullptr, kFlag, [](Record r) -> Number { return r.report.reverted; }},
    {"beta", "losses/beta", "nmn_kl_penalty_beta", "Coefficient of the KL penalty after the last update.", kReal,
     [](Record r) -> Number { return r.report.beta; }},
    {"rate_multiplier", "losses/rate_multiplier", "nmn_learning_rate_multiplier",
     "Factor of the policy's learning rate that the KL controls.", kReal,
     [](Record r) -> Number { return r.report.rate_multiplier; }},
    {"policy_learning_rate", "charts/learning_rate", nullptr, nullptr, kReal,
     [](Record r) -> Number { return r.report.policy_learning_rate; }},
    {"critic_learning_rate", nullptr, nullptr, nullptr, kReal,
     [](Record r) -> Number { return r.report.critic_learning_rate; }},
    {"entropy", "losses/entropy", "nmn_entropy_mean", "Mean entropy of the policy after the last update, nats.", kReal,
     [](Record r) -> Number { return r.report.entropy; }},
    {"mean_deviation", "losses/policy_deviation", "nmn_policy_standard_deviation",
     "Mean standard deviation of the raw action.", kReal, [](Record r) -> Number { return r.report.mean_deviation; }},
    {"explained_variance", "losses/explained_variance", "nmn_explained_variance_ratio",
     "Share of the returns' variance the critic explains.", kReal,
     [](Record r) -> Number { return r.report.explained_variance; }},
    {"critic_blind_updates", "losses/critic_blind_updates", "nmn_critic_blind_updates",
     "Updates in a row whose critic explained less than a twentieth of the returns' variance.", kCount,
     [](Record r) -> Number { return r.report.critic_blind_updates; }},
    {"clip_fraction", "losses/clipfrac", nullptr, nullptr, kReal,
     [](Record r) -> Number { return r.report.clip_fraction; }},
    {"policy_gradient_norm", "losses/policy_gradient_norm", nullptr, nullptr, kReal,
     [](Record r) -> Number { return r.report.policy_gradient_norm; }},
    {"critic_gradient_norm", "losses/critic_gradient_norm", nullptr, nullptr, kReal,
     [](Record r) -> Number { return r.report.critic_gradient_norm; }},
    // In metrics.jsonl the whole evaluation is one object.
    {nullptr, "eval/episodic_return", "nmn_evaluation_return_mean",
     "Mean sum of raw rewards of the last evaluation's episodes.", kReal,
     [](Record r) { return r.evaluation ? Number(r.evaluation->return_mean()) : std::nullopt; }},
    {nullptr, "eval/discounted_return", "nmn_evaluation_discounted_return_mean",
     "Mean discounted return of the last evaluation's episodes.", kReal,
     [](Record r) { return r.evaluation ? Number(r.evaluation->discounted_mean()) : std::nullopt; }},
};

}  // namespace

std::span<const UpdateMetric> UpdateMetrics() { return kUpdateMetrics; }

}  // namespace nmn::metrics
