#include "common/trajectory/layout.h"

#include <algorithm>
#include <cstdlib>

#include "common/nn/action_space.h"

namespace nmn::trajectory {
namespace {

constexpr FieldKind kKinds[] = {
    {v1::OBSERVATION, "observation", "x", Meaning::kObserved, kLargestEnvironmentValue, true},
    {v1::RAW_ACTION, "raw_action", "u", Meaning::kChosen, kAnyFiniteNumber, false},
    {v1::ACTION, "action", "action", Meaning::kFedBack, kLargestEnvironmentValue, false},
    {v1::REWARD, "reward", "reward", Meaning::kFedBack, kLargestEnvironmentValue, false},
    {v1::TRIAL_END, "trial_end", "trial_end", Meaning::kFedBack, kLargestEnvironmentValue, false},
    {v1::FINAL_OBSERVATION, "final_observation", "final_x", Meaning::kLearners, kLargestEnvironmentValue, true},
    {v1::MEAN, "mean", "mean", Meaning::kPolicy, kAnyFiniteNumber, false},
    {v1::LOG_VARIANCE, "log_variance", "logvar", Meaning::kPolicy, kAnyFiniteNumber, false},
    {v1::LOGITS, "logits", "logit", Meaning::kPolicy, kAnyFiniteNumber, true},
};

// Of a trial's end: it goes on, terminated, truncated.
constexpr uint32_t kTrialEnds[] = {3};

}  // namespace

const FieldKind* FindKind(v1::Field id) {
  const auto* found =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const FieldKind& k) { return k.id == id; });
  return found == std::end(kKinds) ? nullptr : found;
}

std::vector<uint32_t> FieldSpec::Shape(size_t steps, size_t lanes) const {
  const auto time = static_cast<uint32_t>(steps);
  const auto last = static_cast<uint32_t>(lanes);
  if (kind->is_vector || width != 1) return {time, width, last};
  return {time, last};
}

void TrajectoryLayout::Add(v1::Field id, uint32_t width, std::span<const uint32_t> choices) {
  fields_.push_back({FindKind(id), width, {choices.begin(), choices.end()}});
}

TrajectoryLayout::TrajectoryLayout(uint32_t observation_size, uint32_t action_width, std::span<const uint32_t> choices,
                                   TrialFields trials) {
  Add(v1::OBSERVATION, observation_size);
  Add(v1::RAW_ACTION, action_width, choices);
  Add(v1::ACTION, action_width, choices);
  Add(v1::REWARD, 1);
  if (trials != TrialFields::kNone) Add(v1::TRIAL_END, 1, kTrialEnds);
  if (trials == TrialFields::kEndAndFinalObservation) Add(v1::FINAL_OBSERVATION, observation_size);
}

TrialFields TrialFieldsOf(const v1::RunConfig& config) {
  if (!config.task().has_trials()) return TrialFields::kNone;
  return config.ppo().trial_end() == v1::CUT ? TrialFields::kEndAndFinalObservation : TrialFields::kEnd;
}

TrialFields TrialFieldsOf(const env::EnvironmentSpec& environment) {
  return environment.has_trials ? TrialFields::kEnd : TrialFields::kNone;
}

TrajectoryLayout TrajectoryLayout::OfRule(uint32_t observation_size, const v1::ActionSpace& action,
                                          TrialFields trials) {
  const nn::ActionCoding coding(action);
  return {observation_size, coding.recorded_width(), coding.choices(), trials};
}

TrajectoryLayout TrajectoryLayout::OfNetwork(uint32_t observation_size, const nn::PolicyHead& head,
                                             TrialFields trials) {
  TrajectoryLayout layout(observation_size, head.action_width(), head.choices(), trials);
  for (const nn::ParameterField& field : head.fields()) layout.Add(field.id, field.width);
  return layout;
}

bool TrajectoryLayout::Has(v1::Field id) const {
  return std::any_of(fields_.begin(), fields_.end(), [&](const FieldSpec& f) { return f.kind->id == id; });
}

size_t TrajectoryLayout::IndexOf(v1::Field id) const {
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].kind->id == id) return i;
  }
  std::abort();
}

size_t TrajectoryLayout::width() const {
  size_t width = 0;
  for (const FieldSpec& field : fields_) width += field.width;
  return width;
}

absl::StatusOr<TrajectoryLayout> LayoutOf(const v1::RunConfig& config) {
  const v1::TaskSpec& task = config.task();
  if (absl::Status status = nn::ValidateActionSpace(task.action()); !status.ok()) return status;
  return TrajectoryLayout::OfNetwork(task.observation_size(), *nn::MakePolicyHead(task.action(), config.network()),
                                     TrialFieldsOf(config));
}

}  // namespace nmn::trajectory
