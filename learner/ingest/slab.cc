#include "learner/ingest/slab.h"

#include <algorithm>
#include <cstring>

#include "common/trajectory/message.h"

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

}  // namespace

Slab::Slab(const BatchShape& shape)
    : shape_(shape),
      arrays_(shape.layout, shape.horizon, shape.episodes),
      measures_(shape.measures.size(), std::vector<double>(shape.episodes)),
      policy_versions_(shape.episodes),
      present_(shape.episodes) {}

void Slab::Clear() {
  std::fill(present_.begin(), present_.end(), false);
  present_count_ = 0;
}

template <typename Body>
void Slab::ForRows(const v1::Trajectory& trajectory, uint32_t first, Body body) const {
  const size_t column = first - trajectory.first_episode();
  for (size_t f = 0; f < shape_.layout.fields().size(); ++f) {
    const v1::Block& block = trajectory.blocks(static_cast<int>(f));
    const size_t rows = size_t{shape_.horizon} * shape_.layout.fields()[f].width;
    for (size_t r = 0; r < rows; ++r)
      body(f, r * shape_.episodes + first, trajectory::BlockRow(block, r, trajectory.count(), column));
  }
}

bool Slab::Agrees(const v1::Trajectory& trajectory) const {
  bool equal = true;
  const auto episodes_equal = [&](uint32_t first, uint32_t run) {
    ForRows(trajectory, first, [&](size_t field, size_t place, const char* there) {
      equal = equal && std::memcmp(arrays_.data(field) + place, there, run * sizeof(float)) == 0;
    });
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
  uint32_t filled = 0;
  ForRuns(present_, trajectory, false, [&](uint32_t first, uint32_t run) {
    ForRows(trajectory, first, [&](size_t field, size_t place, const char* there) {
      std::memcpy(arrays_.data(field) + place, there, run * sizeof(float));
    });
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

}  // namespace nmn::ingest
