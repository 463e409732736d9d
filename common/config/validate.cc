#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config/checks.h"
#include "common/config/config.h"
#include "common/config/task.h"
#include "common/env/environment.h"
#include "common/nn/action_space.h"
#include "common/nn/network_spec.h"
#include "common/text/suggestion.h"
#include "common/trajectory/layout.h"

namespace nmn::config {
namespace {

// One episode travels in one message of at most 8 MiB, with room for what else is in it.
constexpr uint64_t kMaxEpisodeBytes = 4 << 20;
// An update's trajectories are held in memory at once: 2^28 steps are 6 to 10 GB.
constexpr uint64_t kMaxStepsPerUpdate = uint64_t{1} << 28;

// Of a segment whose length is not said: what the references use.
constexpr uint32_t kLongestSegment = 200;

// An observation is a vector; a picture of this size would be an episode of four steps a message.
constexpr uint32_t kMostObservationNumbers = 1 << 18;

// Some seconds of the longest episodes: a learner is not stopped in the middle of them.
constexpr uint32_t kMostEvaluationEpisodes = 10000;

// The preset's name becomes part of a directory's name and a metric's label.
bool IsLabel(const std::string& text) {
  return text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
         });
}

absl::Status ValidateHorizon(const v1::RunConfig& config, const std::string& hint) {
  Checks checks;
  const uint64_t horizon = Horizon(config);
  const absl::StatusOr<trajectory::TrajectoryLayout> layout = trajectory::LayoutOf(config);
  if (!layout.ok()) return layout.status();
  const uint64_t longest = kMaxEpisodeBytes / (layout->width() * sizeof(float));
  checks.Number("env.horizon", static_cast<double>(horizon), horizon >= 1 && horizon <= longest,
                absl::StrCat("from 1 to ", longest, ", so that an episode fits a message"), hint);
  return checks.status();
}

// The task must be what this program makes of the benchmark.
absl::Status ValidateTask(const v1::RunConfig& config) {
  const absl::StatusOr<v1::TaskSpec> own = env::MakeTaskSpec(config.benchmark(), config.env());
  if (!own.ok()) return own.status();
  Checks checks;
  for (const TaskDifference& difference : TaskDifferences(config.task(), *own)) {
    checks.Text(difference.path, difference.first, false, difference.other,
                absl::StrCat("what benchmark ", config.benchmark(), " is in this program with the options of env"));
  }
  return checks.status();
}

// A task whose code this process does not have: whoever made the config asked it what it is, and actors that have the
// code play it. Nothing here may load it.
bool IsPlayedElsewhere(const v1::RunConfig& config) {
  return !env::FindSpec(config.benchmark()).ok() && !config.benchmark().empty() &&
         config.task().name() == config.benchmark();
}

absl::Status ValidateTaskPlayedElsewhere(const v1::RunConfig& config) {
  Checks checks;
  const v1::TaskSpec& task = config.task();
  checks.Text("benchmark", absl::StrCat("\"", absl::CHexEscape(config.benchmark()), "\""), IsLabel(config.benchmark()),
              "at most 64 letters, digits, - _ and .");
  checks.Range("task.version", task.version(), 1, std::numeric_limits<int32_t>::max());
  checks.Range("task.observation_size", task.observation_size(), 1, kMostObservationNumbers);
  if (checks.ok()) checks.Take(nn::ValidateActionSpace(task.action()));
  checks.Number("task.horizon", task.horizon(), config.env().horizon() == 0 || config.env().horizon() == task.horizon(),
                absl::StrCat("what env.horizon says, ", config.env().horizon()));
  checks.Number("eval.every_updates", config.eval().every_updates(), config.eval().every_updates() == 0,
                "0 where the task is played elsewhere", "nmn train, which has its code, has evaluations");
  return checks.status();
}

absl::Status ValidateEnvironment(const v1::RunConfig& config) {
  Checks checks;
  if (IsPlayedElsewhere(config)) {
    checks.Take(ValidateTaskPlayedElsewhere(config));
    if (checks.ok()) checks.Take(ValidateHorizon(config, ""));
    return checks.status();
  }
  const absl::StatusOr<env::EnvironmentSpec> spec = env::FindSpec(config.benchmark());
  checks.Text("benchmark", absl::StrCat("\"", absl::CHexEscape(config.benchmark()), "\""), spec.ok(),
              absl::StrCat("one of ", absl::StrJoin(env::TaskNames(), ", "),
                           text::DidYouMean(config.benchmark(), env::TaskNames())));
  if (!checks.ok()) return checks.status();
  checks.Take(env::ValidateOptions(config.benchmark(), config.env()));
  if (checks.ok()) checks.Take(ValidateTask(config));
  if (checks.ok()) checks.Take(ValidateHorizon(config, absl::StrCat(kReference, spec->default_horizon)));
  return checks.status();
}

absl::Status ValidateBudgetAndWork(const v1::RunConfig& config) {
  Checks checks;
  const v1::Budget& budget = config.budget();
  const uint32_t episodes_per_update = config.ppo().episodes_per_update();
  if (budget.updates() == 0 && budget.episodes() == 0) {
    return absl::InvalidArgumentError(
        "budget is empty; set budget.updates (--updates) or budget.episodes (--episodes) to 1 or more");
  }
  if (budget.updates() != 0 && budget.episodes() != 0) {
    return absl::InvalidArgumentError(absl::StrCat("budget has both updates ", budget.updates(), " and episodes ",
                                                   budget.episodes(), "; set one of them and leave the other at 0"));
  }
  const uint64_t most = uint64_t{episodes_per_update} * std::numeric_limits<int32_t>::max();
  checks.Number("budget.updates", budget.updates(), budget.updates() <= std::numeric_limits<int32_t>::max(),
                "at most 2147483647");
  checks.Number("budget.episodes", static_cast<double>(budget.episodes()), budget.episodes() <= most,
                absl::StrCat("at most ", most, ", which is 2147483647 updates"));

  const v1::WorkOptions& work = config.work();
  checks.Number("work.unit_episodes", work.unit_episodes(),
                work.unit_episodes() >= 1 && episodes_per_update % work.unit_episodes() == 0,
                absl::StrCat("a divisor of ppo.episodes_per_update, which is ", episodes_per_update),
                "most presets use 10");
  checks.Number("work.lease_seconds", work.lease_seconds(), work.lease_seconds() >= 1 && work.lease_seconds() <= 86400,
                "from 1 to 86400 seconds", "the presets use 120");
  checks.Range("work.max_actors", work.max_actors(), 1, 1000000, "the presets use 4096");
  checks.Number("work.credit_bytes", static_cast<double>(work.credit_bytes()),
                work.credit_bytes() >= (8 << 20) && work.credit_bytes() <= (1 << 30),
                "from 8388608, one message, to 1073741824", "the presets use 16777216");
  checks.Range("work.max_consecutive_reverts", work.max_consecutive_reverts(), 1, 1000000, "the presets use 20");
  checks.Range("work.verify_units", work.verify_units(), 0, 1000000, "0: never; the presets of own tasks use 200");
  checks.Range("checkpoint.every_updates", config.checkpoint().every_updates(), 1, 1000000, "most presets use 10");
  checks.Range("checkpoint.keep", config.checkpoint().keep(), 1, 10000, "the presets use 3");
  return checks.status();
}

absl::Status ValidateEvaluation(const v1::RunConfig& config) {
  Checks checks;
  const v1::EvalOptions& eval = config.eval();
  checks.Range("eval.every_updates", eval.every_updates(), 0, 1000000, "0: no evaluation");
  if (eval.every_updates() != 0) {
    checks.Range(
        "eval.episodes", eval.episodes(), 1, kMostEvaluationEpisodes,
        "so many are played after every eval.every_updates updates, and training waits meanwhile; 100 tell much: "
        "--set eval.episodes=100");
  }
  return checks.status();
}

absl::Status ValidateInitialWeights(const v1::RunConfig& config) {
  Checks checks;
  const std::string& digest = config.init_weights_sha256();
  const bool digits = std::all_of(digest.begin(), digest.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
  });
  checks.Text("init_weights_sha256", absl::StrCat("\"", absl::CHexEscape(digest), "\""),
              !config.has_init_weights_sha256() || (digits && digest.size() == 64), "64 hexadecimal digits",
              "a run with --init_from writes it itself");
  return checks.status();
}

absl::Status ValidateMode(const v1::RunConfig& config) {
  Checks checks;
  const v1::AsyncOptions& async = config.async();
  if (config.mode() == v1::ASYNC) {
    checks.Range("async.max_lag", async.max_lag(), 1, 16,
                 "versions an actor may run ahead, each with an update's episodes in memory; the presets use 1");
  }
  checks.Text("async.v_trace", "true", !async.v_trace() || config.mode() == v1::ASYNC, "false while mode is SYNC",
              "a synchronous update has nothing to correct");
  return checks.status();
}

}  // namespace

absl::Status Validate(const v1::RunConfig& config) {
  Checks checks;
  CheckKinds(config, "", checks);
  checks.Text("preset", absl::StrCat("\"", absl::CHexEscape(config.preset()), "\""), IsLabel(config.preset()),
              "at most 64 letters, digits, '-', '_' and '.'");
  checks.Text("mode", v1::Mode_Name(config.mode()), config.mode() != v1::MODE_UNSPECIFIED, "SYNC or ASYNC",
              "the presets use SYNC");
  if (checks.ok()) checks.Take(ValidateEnvironment(config));
  if (checks.ok()) checks.Take(nn::ValidateNetwork(config.network()));
  if (checks.ok()) checks.Take(ValidatePpo(config));
  const uint32_t rollout = RolloutSteps(config);
  const uint64_t steps = uint64_t{rollout} * config.ppo().episodes_per_update();
  checks.Number("ppo.episodes_per_update", config.ppo().episodes_per_update(), steps <= kMaxStepsPerUpdate,
                absl::StrCat("at most ", kMaxStepsPerUpdate / std::max(rollout, 1u),
                             config.ppo().rollout_steps() == 0 ? " at a horizon of " : " at ppo.rollout_steps of ",
                             rollout, ", so that an update fits in memory"),
                absl::StrCat(kReference, "50"));
  if (checks.ok()) checks.Take(ValidateBudgetAndWork(config));
  if (checks.ok()) checks.Take(ValidateMode(config));
  if (checks.ok()) checks.Take(ValidateEvaluation(config));
  if (checks.ok()) checks.Take(ValidateInitialWeights(config));
  return checks.status();
}

uint32_t BudgetUpdates(const v1::RunConfig& config) {
  if (config.budget().updates() != 0) return config.budget().updates();
  const uint64_t per_update = std::max(config.ppo().episodes_per_update(), 1u);
  return static_cast<uint32_t>((config.budget().episodes() + per_update - 1) / per_update);
}

uint32_t KeptSteps(const v1::RunConfig& config) {
  return config.ppo().kept_steps() == 0 ? RolloutSteps(config) : config.ppo().kept_steps();
}

uint32_t SegmentSteps(const v1::RunConfig& config) {
  if (config.ppo().segment_steps() != 0) return config.ppo().segment_steps();
  const uint32_t kept = KeptSteps(config);
  uint32_t segment = std::max(std::min(kept, kLongestSegment), 1u);
  while (kept % segment != 0) --segment;
  return segment;
}

uint32_t Horizon(const v1::RunConfig& config) {
  if (config.env().horizon() != 0) return config.env().horizon();
  return config.task().horizon();
}

uint32_t RolloutSteps(const v1::RunConfig& config) {
  return config.ppo().rollout_steps() != 0 ? config.ppo().rollout_steps() : Horizon(config);
}

}  // namespace nmn::config
