#include "learner/ingest/slab.h"

#include <algorithm>
#include <cstring>

namespace nmn::ingest {
namespace {

// Calls body(run_first, run_count) for each maximal run of episodes of `trajectory` whose presence is `wanted`.
template <typename Body>
void ForRuns(const std::vector<bool>& present, const v1::Trajectory& trajectory, bool wanted, Body body) {
  const uint32_t end = trajectory.first_episode() + trajectory.count();
  for (uint32_t e = trajectory.first_episode(); e < end;) {
    if (present[e] != wanted) {
      ++e;
      continue;
    }
    const uint32_t first = e;
    while (e < end && present[e] == wanted) ++e;
    body(first, e - first);
  }
}

// Row r of a block of `count` columns, from column `column` on.
const char* BlockRow(const v1::Block& block, size_t r, size_t count, size_t column) {
  return block.data().data() + (r * count + column) * sizeof(float);
}

}  // namespace

Slab::Slab(const BatchShape& shape)
    : shape_(shape),
      observation_(size_t{shape.horizon} * shape.observation_size * shape.episodes),
      measures_(shape.measures.size(), std::vector<double>(shape.episodes)),
      policy_versions_(shape.episodes),
      present_(shape.episodes) {
  for (auto& scalar : scalars_) scalar.resize(size_t{shape.horizon} * shape.episodes);
}

void Slab::Clear() {
  std::fill(present_.begin(), present_.end(), false);
  present_count_ = 0;
}

bool Slab::Agrees(const v1::Trajectory& trajectory) const {
  bool equal = true;
  const size_t count = trajectory.count();
  const auto rows_equal = [&](const std::vector<float>& here, const v1::Block& block, uint32_t first, uint32_t run) {
    const size_t rows = here.size() / shape_.episodes;
    for (size_t r = 0; r < rows && equal; ++r) {
      const char* there = BlockRow(block, r, count, first - trajectory.first_episode());
      equal = std::memcmp(&here[r * shape_.episodes + first], there, run * sizeof(float)) == 0;
    }
  };
  const auto episodes_equal = [&](uint32_t first, uint32_t run) {
    rows_equal(observation_, trajectory.blocks(0), first, run);
    for (size_t f = 0; f < kScalarFields; ++f)
      rows_equal(scalars_[f], trajectory.blocks(static_cast<int>(f) + 1), first, run);
    for (size_t m = 0; m < measures_.size(); ++m) {
      const double* there =
          trajectory.measures(static_cast<int>(m)).values().data() + (first - trajectory.first_episode());
      equal = equal && std::memcmp(&measures_[m][first], there, run * sizeof(double)) == 0;
    }
  };
  std::vector<bool> comparable = present_;
  for (uint32_t e = trajectory.first_episode(); e < trajectory.first_episode() + trajectory.count(); ++e)
    comparable[e] = comparable[e] && policy_versions_[e] == trajectory.policy_version();
  ForRuns(comparable, trajectory, true, episodes_equal);
  return equal;
}

uint32_t Slab::Fill(const v1::Trajectory& trajectory) {
  const size_t count = trajectory.count();
  const auto copy_rows = [&](std::vector<float>& here, const v1::Block& block, uint32_t first, uint32_t run) {
    const size_t rows = here.size() / shape_.episodes;
    for (size_t r = 0; r < rows; ++r) {
      std::memcpy(&here[r * shape_.episodes + first], BlockRow(block, r, count, first - trajectory.first_episode()),
                  run * sizeof(float));
    }
  };
  uint32_t filled = 0;
  ForRuns(present_, trajectory, false, [&](uint32_t first, uint32_t run) {
    copy_rows(observation_, trajectory.blocks(0), first, run);
    for (size_t f = 0; f < kScalarFields; ++f)
      copy_rows(scalars_[f], trajectory.blocks(static_cast<int>(f) + 1), first, run);
    for (size_t m = 0; m < measures_.size(); ++m) {
      const auto& values = trajectory.measures(static_cast<int>(m)).values();
      std::copy_n(values.begin() + (first - trajectory.first_episode()), run, measures_[m].begin() + first);
    }
    std::fill_n(policy_versions_.begin() + first, run, trajectory.policy_version());
    filled += run;
  });
  for (uint32_t e = trajectory.first_episode(); e < trajectory.first_episode() + trajectory.count(); ++e)
    present_[e] = true;
  present_count_ += filled;
  return filled;
}

ppo::TrajectoryBatch Slab::batch() const {
  const auto scalar = [&](size_t f) { return ConstView2(scalars_[f].data(), shape_.horizon, shape_.episodes); };
  return {.observation = ConstView3(observation_.data(), shape_.horizon, shape_.observation_size, shape_.episodes),
          .raw_action = scalar(0),
          .action = scalar(1),
          .reward = scalar(2),
          .mean = scalar(3),
          .log_variance = scalar(4)};
}

}  // namespace nmn::ingest
