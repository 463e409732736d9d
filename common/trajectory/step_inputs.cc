#include "common/trajectory/step_inputs.h"

#include <algorithm>

#include "common/trajectory/trial_end.h"

namespace nmn::trajectory {

StepInputs::StepInputs(const nn::NetworkSpec& spec, size_t max_lanes)
    : coding_(spec.action),
      trial_end_inputs_(spec.trial_end_inputs),
      one_hots_(coding_.choices().empty() ? 0 : coding_.read_width() * max_lanes),
      trial_ends_(trial_end_inputs_ * max_lanes),
      zeros_(std::max({spec.observation_size, coding_.read_width(), trial_end_inputs_}) * max_lanes) {}

void StepInputs::Step(const TrajectoryBatch& record, size_t t, nn::PolicyForward& forward, View2 output) {
  const ConstView3 observation = record.observation();
  const size_t lanes = output.columns;
  if (t == 0) {
    const auto zeros = [&](size_t rows) { return ConstView2(zeros_.data(), rows, lanes); };
    forward.Step({observation.plane(0), zeros(coding_.read_width()), zeros_.data(), zeros(observation.rows),
                  zeros(trial_end_inputs_)},
                 output);
    return;
  }
  const ConstView2 action =
      coding_.Read(record.Of(v1::ACTION).plane(t - 1), {one_hots_.data(), coding_.read_width(), lanes});
  const View2 trial_end(trial_ends_.data(), trial_end_inputs_, lanes);
  if (trial_end_inputs_ != 0) ReadTrialEnd(record.Scalar(v1::TRIAL_END).row(t - 1), trial_end);
  forward.Step({observation.plane(t), action, record.reward().row(t - 1), observation.plane(t - 1), trial_end}, output);
}

}  // namespace nmn::trajectory
