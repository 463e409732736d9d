#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::config {

// Parses a RunConfig textproto. INVALID_ARGUMENT: "FILE:LINE: unknown field \"kl_targt\"; did you mean kl_target?", one
// line. `name` stands for the file in messages. A config without a task gets that of its benchmark. Does not validate.
absl::StatusOr<v1::RunConfig> Parse(std::string_view text, std::string_view name);
// The same of what a program wrote: an unknown field may be of a newer one, and the error says so.
absl::StatusOr<v1::RunConfig> ParseStored(std::string_view text, std::string_view name);

// Reads, parses and validates a file. NOT_FOUND names the path.
absl::StatusOr<v1::RunConfig> Load(const std::string& path);

// A committed preset, compiled in: preset "reference", benchmark "b1", architecture "nmn". It is the files of
// deploy/presets one over the other, as base.textproto there says. NOT_FOUND names the ones there are. A task that was
// brought has preset "default", by what its actions are.
absl::StatusOr<v1::RunConfig> Preset(std::string_view preset, std::string_view benchmark,
                                     std::string_view architecture);
std::vector<std::string> PresetNames();
// The preset that a task is trained with where none is named, or "default" is: "fast" where it has that, else the first
// that it has.
std::string UsualPreset(std::string_view benchmark);

// Applies "ppo.kl_target=0.01" (a dotted path of field names = a textproto scalar; enum values by name, with or without
// their prefix, any case: "env.domain=paper"; a repeated field takes a comma list and is replaced:
// "env.switch_steps=100,200", empty clears; so it does a field that may be absent: "budget.stop_at_return=").
// INVALID_ARGUMENT names the field, what it takes, and near names where it is unknown.
// What is set of the task is an option of it: "task.horizon=100" means "env.horizon=100". The config's task follows.
absl::Status Set(std::string_view assignment, v1::RunConfig& config);

// The same text for every name under which Set knows a field: without blanks around it, "env" for "task", and "ppo"
// alone for a group of ppo that Set may be spared ("ppo.clipped_ratio.kl_target": "ppo.kl_target"). `text` is a name,
// or an assignment, of which only the name counts.
std::string FieldKey(std::string_view text);

// Whether the whole describes a run that can exist. INVALID_ARGUMENT, one line: the field's path, its value, what it
// must be, and what the reference uses: "ppo.kl_target is -0.1; it must be above 0 (the paper's reference uses 0.003)".
absl::Status Validate(const v1::RunConfig& config);

// SHA-256 (32 bytes) of what decides the weights: see RunConfig.
std::string Hash(const v1::RunConfig& config);
// Dotted paths of fields that count in the hash and differ.
std::vector<std::string> Differences(const v1::RunConfig& a, const v1::RunConfig& b);
// The same for people, each with its value in both: "seed (1, not 2), ppo.discount (0.9, not 0.99)".
std::string DescribeDifferences(const v1::RunConfig& a, const v1::RunConfig& b);

// The value of the field at a dotted path, as text: an enumeration by its short name, the elements of a list side by
// side.
std::string ValueAt(const v1::RunConfig& config, const std::string& path);

// Textproto, one field a line, deterministic; Parse(Print(c)) == c.
std::string Print(const v1::RunConfig& config);

// The same of a task alone.
std::string PrintTask(const v1::TaskSpec& task);

// Updates that the budget allows: updates, or episodes / episodes_per_update rounded up.
uint32_t BudgetUpdates(const v1::RunConfig& config);
// T' of the run: ppo.kept_steps, or all steps that are played where that is 0. Its segments: ppo.segment_steps, or
// where that is 0 the largest divisor of T' that is at most 200.
uint32_t KeptSteps(const v1::RunConfig& config);
uint32_t SegmentSteps(const v1::RunConfig& config);
// T of the run: env.horizon, or the task's where that is 0.
uint32_t Horizon(const v1::RunConfig& config);
// Steps of an episode of training: ppo.rollout_steps, or T where that is 0.
uint32_t RolloutSteps(const v1::RunConfig& config);

}  // namespace nmn::config
