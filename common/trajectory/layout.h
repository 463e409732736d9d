#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/env/environment.h"
#include "common/nn/policy_head.h"
#include "nmn/v1/learner.pb.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::trajectory {

// What a field is to the policy.
enum class Meaning {
  kObserved,  // what it saw before it chose
  kChosen,    // what it sampled
  kFedBack,   // what came of it; the policy reads it one step later
  kLearners,  // what the learner alone reads
  kPolicy     // what the policy said of its choice
};

// Of what the environment says (x, the fed-back action, the reward): no benchmark comes near it. What the policy says
// may be any finite number.
inline constexpr float kLargestEnvironmentValue = 1e6f;
inline constexpr float kAnyFiniteNumber = std::numeric_limits<float>::max();

// A field that a step can have.
struct FieldKind {
  v1::Field id;             // on the wire
  std::string_view name;    // in files, e.g. "log_variance"
  std::string_view column;  // in a trace, e.g. "logvar"
  Meaning meaning;
  float largest;   // magnitude that its numbers may have
  bool is_vector;  // has an axis for its width even where that is 1
};
// Null for a number that is no field's.
const FieldKind* FindKind(v1::Field id);

// A field as the steps of one run have it.
struct FieldSpec {
  const FieldKind* kind;
  uint32_t width;  // numbers a step
  // Of each number, where it is the index of a choice: 0 .. choices - 1. Else empty.
  std::vector<uint32_t> choices = {};

  bool operator==(const FieldSpec&) const = default;
  // Of an array of many steps and lanes: [time, lane], or [time, width, lane].
  std::vector<uint32_t> Shape(size_t steps, size_t lanes) const;
};

// What a step says of trials.
enum class TrialFields {
  kNone,                   // its task has none
  kEnd,                    // how it leaves its trial
  kEndAndFinalObservation  // and what a truncated trial would have shown next
};
// Of the steps of training, and of those that are played to be looked at.
TrialFields TrialFieldsOf(const v1::RunConfig& config);
TrialFields TrialFieldsOf(const env::EnvironmentSpec& environment);

// What a step of a run consists of: the fields, in order. Everything that writes, checks, copies or reads whole steps
// goes through this list, so a field that is added here is in the messages, the learner's arrays, the dump of a failed
// update and the trace.
class TrajectoryLayout {
 public:
  TrajectoryLayout() = default;
  // What an actor records of a network whose policy has this head.
  static TrajectoryLayout OfNetwork(uint32_t observation_size, const nn::PolicyHead& head,
                                    TrialFields trials = TrialFields::kNone);
  // The same of a rule, which has no policy parameters.
  static TrajectoryLayout OfRule(uint32_t observation_size, const v1::ActionSpace& action,
                                 TrialFields trials = TrialFields::kNone);

  std::span<const FieldSpec> fields() const { return fields_; }
  bool Has(v1::Field id) const;
  size_t IndexOf(v1::Field id) const;  // the field must be there
  uint32_t width(v1::Field id) const { return fields_[IndexOf(id)].width; }
  size_t width() const;  // numbers a step, all fields together

  bool operator==(const TrajectoryLayout&) const = default;

 private:
  // What the environment says and is told, with actions of so many numbers, which are numbers or indices of `choices`.
  TrajectoryLayout(uint32_t observation_size, uint32_t action_width, std::span<const uint32_t> choices,
                   TrialFields trials);
  void Add(v1::Field id, uint32_t width, std::span<const uint32_t> choices = {});

  std::vector<FieldSpec> fields_;
};

// The layout of a run's steps. NOT_FOUND: the benchmark.
absl::StatusOr<TrajectoryLayout> LayoutOf(const v1::RunConfig& config);

}  // namespace nmn::trajectory
