#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/tensor/view.h"
#include "nmn/v1/run_config.pb.h"
#include "nmn/v1/task.pb.h"

namespace nmn::env {

// The episodes of one batch: lane i is episode first_episode + i of `update`. Randomness is keyed by (seed, update,
// episode, step) alone, so a lane's numbers do not depend on its neighbours or on the batch.
struct BatchKey {
  uint64_t seed = 0;
  uint32_t update = 0;         // from 1 in training; 0 in evaluation
  uint32_t first_episode = 0;  // within the update
  // Index in the whole run of the first lane's episode, for given task lists: lane i gets tasks[(first_global_episode +
  // i) mod n].
  uint64_t first_global_episode = 0;
};

// How a step leaves its trial. A trial is a part of an episode: the environment ends it and begins the next one of the
// same task. What trial_end below says is one of these.
inline constexpr float kGoesOn = 0;
inline constexpr float kTerminated = 1;
inline constexpr float kTruncated = 2;

// What one step of every lane gives: where to put it. The lanes are those of the last Reset.
struct StepResult {
  View2 action;       // [action_width, lane]      as fed back
  float* reward;      // [lane]                    raw
  View2 observation;  // [observation_size, lane]  x_{t+1}: of the next trial where the step ended one
  // Both of tasks with trials alone (EnvironmentSpec::has_trials); others leave them as they are.
  float* trial_end = nullptr;    // [lane]                    one of the three above; null: not wanted
  View2 final_observation = {};  // [observation_size, lane]  what a truncated trial would have shown next, zeros
                                 // elsewhere; without rows: not wanted
};

// gamma of every discounted return that is reported, whatever a policy is trained with, so that figures can be compared
// (the benchmarks' references have it too).
inline constexpr double kReportedDiscount = 0.998;

// What is fixed about a task under given options.
struct EnvironmentSpec {
  std::string name;                          // "b1"
  std::string title;                         // "moving target": what figures call it
  uint32_t version = 1;                      // of its rules: other rules are another number
  uint32_t observation_size = 0;             // dimension of x
  v1::ActionSpace action;                    // what it does with u
  uint32_t default_horizon = 0;              // T
  bool has_trials = false;                   // a trial may end inside an episode
  std::vector<std::string> measures;         // extra measures of an episode, e.g. {"hits"}
  std::vector<std::string> task_variables;   // what a trace prints of the task, e.g. {"alpha"}
  std::vector<std::string> state_variables;  // what a trace prints of the state before a step, e.g. {"x", "p"}
  double oracle_return = 0;  // known figures of docs/specification.md section 4, for reports and dashboards
  double oracle_discounted = 0;
  uint32_t oracle_horizon = 0;               // T that the figures hold for; 0: the options' own
  double oracle_cone = 0;                    // env.cone that the figures hold for, radians
  std::optional<double> random_return = {};  // what actions drawn by chance get, where it is known
  std::vector<double> milestones = {};       // returns whose first update reports name; none: fractions of the oracle's

  // Which options it has (env.*) and what its tasks may be.
  bool is_benchmark = false;  // of the paper: has presets fast, paper and reference, and a yardstick in nmn bench
  bool has_paper_domain = false;
  bool has_cone = false;
  bool has_targets = false;
  bool has_switches = false;  // the task may be drawn anew within an episode
  bool has_arms = false;
  double least_task = 0;
  double largest_task = 0;
  bool whole_tasks = false;      // no number between is a task
  std::string legal_tasks = {};  // in words, for errors; none: tasks cannot be given
};

// A batch of episodes of one benchmark, in structure-of-arrays form: every array is [.., lane]. One step moves every
// lane.
//
//   Reset(key, x) -> [ Step(u, result) ] x T
//
// Preallocated for `max_lanes`: no allocation after construction. Not thread-safe. Deterministic: same key, options and
// u, same bytes.
class BatchedEnvironment {
 public:
  virtual ~BatchedEnvironment() = default;

  virtual const EnvironmentSpec& spec() const = 0;
  virtual uint32_t horizon() const = 0;
  virtual size_t max_lanes() const = 0;
  // Of the episodes so far. A task of the user's own may fail, and what it put out then is nothing: asked after Reset
  // and after each Step. The next Reset begins anew.
  virtual absl::Status status() const { return absl::OkStatus(); }

  // Begins observation.columns episodes (at most max_lanes). observation [observation_size, lane] out: x_0.
  virtual void Reset(const BatchKey& key, View2 observation) = 0;

  // One step of every lane, for t = 0 .. horizon - 1. raw_action [action_width, lane] is u, before scale, clip and
  // wrap, or indices of choices; it must be finite. action_width is the numbers of a box, or the components of a
  // discrete space.
  virtual void Step(ConstView2 raw_action, const StepResult& result) = 0;

  // Extra measures of the episodes so far: [measure, lane] in the order of spec().measures, float64 sums.
  virtual double Measure(size_t measure, size_t lane) const = 0;

  // Task and state now (before the next step), in the order of spec(): for traces and scripted policies, not for
  // policies that learn.
  virtual void ReadTask(size_t lane, std::span<float> out) const = 0;
  virtual void ReadState(size_t lane, std::span<float> out) const = 0;
};

// The registry: every task that ships, the paper's benchmarks first.
std::vector<std::string> TaskNames();
std::vector<std::string> BenchmarkNames();
// The same for people: "b1, b2, b3 or bandit", and with `titles` "b1 (moving target), b2 (windy navigation), ..".
std::string ListOfTasks(bool titles = false);
// Those that have something, e.g. "b2": for errors about the others.
std::string TasksThat(bool EnvironmentSpec::*have);
// NOT_FOUND names the tasks there are. The options may be any.
absl::StatusOr<EnvironmentSpec> FindSpec(std::string_view task, const v1::EnvironmentOptions& options = {});

// What a task is under these options, to those who do not know its code. NOT_FOUND as FindSpec.
absl::StatusOr<v1::TaskSpec> MakeTaskSpec(std::string_view benchmark, const v1::EnvironmentOptions& options);

// Every option checked against the benchmark: INVALID_ARGUMENT names the field and its legal values ("env.cone is 4;
// ..").
absl::Status ValidateOptions(std::string_view benchmark, const v1::EnvironmentOptions& options);

absl::StatusOr<std::unique_ptr<BatchedEnvironment>> MakeEnvironment(std::string_view benchmark,
                                                                    const v1::EnvironmentOptions& options,
                                                                    size_t max_lanes);

}  // namespace nmn::env
