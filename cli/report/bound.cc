#include "cli/report/bound.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "actor/play/evaluation.h"
#include "cli/player.h"
#include "cli/policy_choice.h"
#include "cli/scripted/scripted_policy.h"

namespace nmn::report {
namespace {

constexpr char kOracle[] = "oracle";
constexpr uint32_t kEpisodes = play::kEvaluationLanes;  // one batch: a second at most, and 1 % of the return or less

// The config under which `run` plays while it trains.
v1::RunConfig AsTrained(const Run& run) {
  v1::RunConfig config = run.config;
  if (const uint32_t steps = config.ppo().rollout_steps(); steps != 0) config.mutable_env()->set_horizon(steps);
  return config;
}

}  // namespace

std::string Bound::Label() const {
  if (episodes == 0) return "a policy that knows the task";
  return absl::StrCat("rule ", kOracle, ", ", episodes, " episodes");
}

std::optional<Bound> KnownBound(const std::vector<Run>& runs) {
  std::optional<Bound> common;
  for (const Run& run : runs) {
    const std::optional<env::Optimum> optimum = env::KnownTrainingOptimum(run.config);
    if (!optimum || (common && common->returns.discounted != optimum->discounted)) return std::nullopt;
    common = Bound{*optimum};
  }
  return common;
}

std::optional<Bound> PlayedBound(const std::vector<Run>& runs) {
  const std::vector<std::string> rules = scripted::PolicyNames(runs[0].config.benchmark());
  if (std::find(rules.begin(), rules.end(), kOracle) == rules.end()) return std::nullopt;
  cli::PolicyChoice choice;
  choice.config = AsTrained(runs[0]);
  choice.rule = kOracle;
  const std::string options = choice.config.env().SerializeAsString();
  for (const Run& run : runs) {
    if (AsTrained(run).env().SerializeAsString() != options) return std::nullopt;
  }
  const absl::StatusOr<std::unique_ptr<play::Player>> player = cli::MakePlayer(choice, {}, kEpisodes);
  if (!player.ok()) return std::nullopt;
  const absl::StatusOr<play::Evaluation> played = play::Evaluate(**player, {}, kEpisodes, kEpisodes, [](uint32_t) {});
  if (!played.ok()) return std::nullopt;
  return Bound{{played->raw.mean, played->discounted.mean}, kEpisodes};
}

}  // namespace nmn::report
