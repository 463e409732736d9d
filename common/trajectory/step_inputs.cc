#include "common/trajectory/step_inputs.h"

#include <algorithm>

namespace nmn::trajectory {

StepInputs::StepInputs(const nn::NetworkSpec& spec, size_t max_lanes)
    : coding_(spec.action),
      one_hots_(coding_.choices().empty() ? 0 : coding_.read_width() * max_lanes),
      zeros_(std::max(spec.observation_size, coding_.read_width()) * max_lanes) {}

void StepInputs::Step(const TrajectoryBatch& record, size_t t, nn::PolicyForward& forward, View2 output) {
  const ConstView3 observation = record.observation();
  const size_t lanes = output.columns;
  if (t == 0) {
    forward.Step(observation.plane(0), {zeros_.data(), coding_.read_width(), lanes}, zeros_.data(),
                 {zeros_.data(), observation.rows, lanes}, output);
    return;
  }
  const ConstView2 action =
      coding_.Read(record.Of(v1::ACTION).plane(t - 1), {one_hots_.data(), coding_.read_width(), lanes});
  forward.Step(observation.plane(t), action, record.reward().row(t - 1), observation.plane(t - 1), output);
}

}  // namespace nmn::trajectory
