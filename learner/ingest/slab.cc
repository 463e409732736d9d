#include "learner/ingest/slab.h"

#include <algorithm>
#include <cstring>

#include "common/trajectory/message.h"

namespace nmn::ingest {
namespace {

// Calls body(field, place, there) for each row of each field: `place` of episode `first` in the field's array, and
// where the message has it.
template <typename Body>
void ForRows(const BatchShape& shape, const v1::Trajectory& trajectory, uint32_t first, Body body) {
  const size_t column = first - trajectory.first_episode();
  for (size_t f = 0; f < shape.layout.fields().size(); ++f) {
    const v1::Block& block = trajectory.blocks(static_cast<int>(f));
    const size_t rows = size_t{shape.horizon} * shape.layout.fields()[f].width;
    for (size_t r = 0; r < rows; ++r)
      body(f, r * shape.episodes + first, trajectory::BlockRow(block, r, trajectory.count(), column));
  }
}

// Episode `first` of measure `m` in the message.
const double* MeasureIn(const v1::Trajectory& trajectory, size_t m, uint32_t first) {
  return trajectory.measures(static_cast<int>(m)).values().data() + (first - trajectory.first_episode());
}

}  // namespace

Slab::Content::Content(const BatchShape& with_shape)
    : shape(with_shape),
      arrays(shape.layout, shape.horizon, shape.episodes),
      measures(shape.measures.size(), std::vector<double>(shape.episodes)),
      policy_versions(shape.episodes) {}

Slab::Slab(const BatchShape& shape) : content_(std::make_shared<Content>(shape)), episodes_(shape.episodes) {}

void Slab::Clear() {
  const bool claimed = std::find(episodes_.begin(), episodes_.end(), Episode::kReserved) != episodes_.end();
  if (claimed) content_ = std::make_shared<Content>(content_->shape);
  std::fill(episodes_.begin(), episodes_.end(), Episode::kMissing);
  present_count_ = 0;
}

Slab::Claim Slab::Reserve(const v1::Trajectory& trajectory) {
  Claim claim;
  claim.content_ = content_;
  const auto add = [](std::vector<Claim::Run>& runs, uint32_t episode) {
    if (runs.empty() || runs.back().first + runs.back().count != episode) runs.push_back({episode, 0});
    ++runs.back().count;
  };
  for (uint32_t e = trajectory.first_episode(); e < trajectory.first_episode() + trajectory.count(); ++e) {
    if (episodes_[e] == Episode::kMissing) {
      episodes_[e] = Episode::kReserved;
      add(claim.missing_, e);
    } else if (Has(e) && content_->policy_versions[e] == trajectory.policy_version()) {
      add(claim.there_, e);
    }
  }
  return claim;
}

bool Slab::Claim::IsSame(const v1::Trajectory& trajectory) const {
  bool same = true;
  for (const Run& run : there_) {
    ForRows(content_->shape, trajectory, run.first, [&](size_t field, size_t place, const char* there) {
      same = same && std::memcmp(content_->arrays.data(field) + place, there, run.count * sizeof(float)) == 0;
    });
    for (size_t m = 0; m < content_->measures.size(); ++m) {
      const double* there = MeasureIn(trajectory, m, run.first);
      same = same && std::memcmp(&content_->measures[m][run.first], there, run.count * sizeof(double)) == 0;
    }
  }
  return same;
}

void Slab::Claim::Write(const v1::Trajectory& trajectory) {
  if (!IsSame(trajectory)) {
    difference_ = FirstDifference(trajectory);
    return;
  }
  Content& to = *content_;
  for (const Run& run : missing_) {
    ForRows(to.shape, trajectory, run.first, [&](size_t field, size_t place, const char* there) {
      std::memcpy(to.arrays.data(field) + place, there, run.count * sizeof(float));
    });
    for (size_t m = 0; m < to.measures.size(); ++m)
      std::copy_n(MeasureIn(trajectory, m, run.first), run.count, to.measures[m].begin() + run.first);
    std::fill_n(to.policy_versions.begin() + run.first, run.count, trajectory.policy_version());
  }
}

std::optional<Slab::Difference> Slab::Claim::FirstDifference(const v1::Trajectory& trajectory) const {
  const BatchShape& shape = content_->shape;
  std::optional<Difference> first;
  for (const Run& run : there_) {
    ForRows(shape, trajectory, run.first, [&](size_t field, size_t place, const char* there) {
      const trajectory::FieldSpec& spec = shape.layout.fields()[field];
      const auto row = static_cast<uint32_t>(place / shape.episodes);
      if (first && row / spec.width >= *first->step) return;
      for (uint32_t i = 0; i < run.count; ++i) {
        float other = 0;
        std::memcpy(&other, there + i * sizeof(float), sizeof(float));
        const float here = content_->arrays.data(field)[place + i];
        if (std::memcmp(&here, &other, sizeof(float)) == 0) continue;
        const std::string index = spec.width > 1 ? "[" + std::to_string(row % spec.width) + "]" : "";
        first = Difference{std::string(spec.kind->name) + index, run.first + i, row / spec.width, here, other};
        return;
      }
    });
  }
  if (first) return first;
  for (const Run& run : there_) {
    for (size_t m = 0; m < content_->measures.size(); ++m) {
      const double* there = MeasureIn(trajectory, m, run.first);
      for (uint32_t i = 0; i < run.count; ++i) {
        const double here = content_->measures[m][run.first + i];
        if (std::memcmp(&here, &there[i], sizeof(double)) != 0)
          return Difference{"measure " + shape.measures[m], run.first + i, {}, here, there[i]};
      }
    }
  }
  return std::nullopt;
}

uint32_t Slab::Claim::Episodes(const std::vector<Run>& runs) {
  uint32_t episodes = 0;
  for (const Run& run : runs) episodes += run.count;
  return episodes;
}

bool Slab::Mark(const Claim& claim, Episode state) {
  if (claim.content_ != content_) return false;
  for (const Claim::Run& run : claim.missing_) std::fill_n(episodes_.begin() + run.first, run.count, state);
  return true;
}

bool Slab::Keep(const Claim& claim) {
  if (!Mark(claim, Episode::kPresent)) return false;
  present_count_ += claim.missing();
  return true;
}

void Slab::GiveUp(const Claim& claim) { Mark(claim, Episode::kMissing); }

trajectory::TrajectoryBatch Slab::batch() const {
  return content_->arrays.Batch(content_->shape.horizon, content_->shape.episodes);
}

}  // namespace nmn::ingest
