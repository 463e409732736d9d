#include "actor/trajectory_message.h"

#include <algorithm>
#include <bit>
#include <string_view>

#include "common/digest/sha256.h"

namespace nmn::actor {
namespace {

static_assert(std::endian::native == std::endian::little, "blocks are little-endian and are written as they are");

// Lanes [lane, lane + count) of a view, row after row.
v1::Block* AddBlock(v1::Trajectory& message, v1::Field field, size_t time, size_t rows_a_step, size_t count) {
  v1::Block* block = message.add_blocks();
  block->set_field(field);
  block->add_shape(static_cast<uint32_t>(time));
  if (field == v1::OBSERVATION) block->add_shape(static_cast<uint32_t>(rows_a_step));
  block->add_shape(static_cast<uint32_t>(count));
  block->mutable_data()->reserve(time * rows_a_step * count * sizeof(float));
  return block;
}

void AppendRow(v1::Block& block, const float* row, size_t lane, size_t count) {
  block.mutable_data()->append(reinterpret_cast<const char*>(row + lane), count * sizeof(float));
}

v1::Trajectory MakeOne(const TrajectoryHeader& header, const v1::UnitId& unit, const RolloutResult& rollout,
                       uint32_t first, uint32_t count) {
  v1::Trajectory message;
  message.set_run_id(header.run_id);
  message.set_generation(header.generation);
  *message.mutable_unit() = unit;
  message.set_policy_version(header.policy_version);
  message.set_first_episode(first);
  message.set_count(count);
  const size_t lane = first - rollout.first_episode;
  const ConstView3& x = rollout.observation;
  v1::Block* observation = AddBlock(message, v1::OBSERVATION, x.planes, x.rows, count);
  for (size_t t = 0; t < x.planes; ++t) {
    for (size_t d = 0; d < x.rows; ++d) AppendRow(*observation, x.plane(t).row(d), lane, count);
  }
  const std::pair<v1::Field, const ConstView2*> scalars[] = {{v1::RAW_ACTION, &rollout.raw_action},
                                                             {v1::ACTION, &rollout.action},
                                                             {v1::REWARD, &rollout.reward},
                                                             {v1::MEAN, &rollout.mean},
                                                             {v1::LOG_VARIANCE, &rollout.log_variance}};
  for (const auto& [field, view] : scalars) {
    v1::Block* block = AddBlock(message, field, view->rows, 1, count);
    for (size_t t = 0; t < view->rows; ++t) AppendRow(*block, view->row(t), lane, count);
  }
  for (size_t m = 0; m < rollout.measures.size(); ++m) {
    v1::MeasureBlock* measure = message.add_measures();
    measure->set_name(header.measure_names[m]);
    const double* values = rollout.measures[m].data() + lane;
    measure->mutable_values()->Add(values, values + count);
  }
  Sha256 hash;
  for (const v1::Block& block : message.blocks()) hash.Update(block.data());
  for (const v1::MeasureBlock& measure : message.measures()) {
    hash.Update(std::string_view(reinterpret_cast<const char*>(measure.values().data()), count * sizeof(double)));
  }
  message.set_sha256(hash.Finish());
  return message;
}

}  // namespace

std::vector<v1::Trajectory> MakeTrajectories(const TrajectoryHeader& header, const v1::UnitId& unit,
                                             const RolloutResult& rollout, size_t max_bytes) {
  const size_t episode_bytes = (rollout.observation.rows + 5) * rollout.observation.planes * sizeof(float);
  const uint32_t most = static_cast<uint32_t>(std::clamp<size_t>(max_bytes / episode_bytes, 1, unit.count()));
  std::vector<v1::Trajectory> messages;
  for (uint32_t done = 0; done < unit.count(); done += most) {
    messages.push_back(
        MakeOne(header, unit, rollout, unit.first_episode() + done, std::min(most, unit.count() - done)));
  }
  return messages;
}

}  // namespace nmn::actor
