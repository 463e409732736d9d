#include "actor/trajectory_message.h"

#include <algorithm>

#include "common/trajectory/message.h"

namespace nmn::actor {
namespace {

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
  trajectory::AppendBlocks(rollout.trajectories, lane, count, message);
  for (size_t m = 0; m < rollout.measures.size(); ++m) {
    v1::MeasureBlock* measure = message.add_measures();
    measure->set_name(header.measure_names[m]);
    const double* values = rollout.measures[m].data() + lane;
    measure->mutable_values()->Add(values, values + count);
  }
  message.set_sha256(trajectory::PayloadSha256(message));
  return message;
}

}  // namespace

std::vector<v1::Trajectory> MakeTrajectories(const TrajectoryHeader& header, const v1::UnitId& unit,
                                             const RolloutResult& rollout, size_t max_bytes) {
  const size_t episode_bytes = trajectory::EpisodeBytes(rollout.trajectories.layout(), rollout.trajectories.steps());
  const uint32_t most = static_cast<uint32_t>(std::clamp<size_t>(max_bytes / episode_bytes, 1, unit.count()));
  std::vector<v1::Trajectory> messages;
  for (uint32_t done = 0; done < unit.count(); done += most) {
    messages.push_back(
        MakeOne(header, unit, rollout, unit.first_episode() + done, std::min(most, unit.count() - done)));
  }
  return messages;
}

}  // namespace nmn::actor
