#pragma once

#include <cstdint>
#include <vector>

#include "common/trajectory/batch.h"
#include "learner/ingest/batch_shape.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::ingest {

// The episodes of one update, each in the column of its number, so that the order of arrival leaves no trace.
// Preallocated: nothing is allocated after the constructor. Not thread-safe.
class Slab {
 public:
  explicit Slab(const BatchShape& shape);

  // Forgets all episodes.
  void Clear();

  // Of a message that passed CheckShape: whether the episodes of it that are here already and that the same version of
  // the policy played are the same, bit for bit.
  bool Agrees(const v1::Trajectory& trajectory) const;
  // Copies the episodes that are missing; returns how many those were. Nothing that is here changes.
  uint32_t Fill(const v1::Trajectory& trajectory);

  bool complete() const { return present_count_ == shape_.episodes; }
  bool Has(uint32_t episode) const { return present_[episode]; }

  // Views into this slab.
  trajectory::TrajectoryBatch batch() const { return arrays_.Batch(shape_.horizon, shape_.episodes); }
  // Version of the policy that played each episode.
  const std::vector<uint32_t>& policy_versions() const { return policy_versions_; }
  // [measure][episode], in the order of BatchShape::measures.
  const std::vector<std::vector<double>>& measures() const { return measures_; }

 private:
  // Calls body(field, place, there) for each row of each field: `place` of episode `first` in the field's array, and
  // where the message has it.
  template <typename Body>
  void ForRows(const v1::Trajectory& trajectory, uint32_t first, Body body) const;

  BatchShape shape_;
  trajectory::TrajectoryArrays arrays_;
  std::vector<std::vector<double>> measures_;  // [measure][episode]
  std::vector<uint32_t> policy_versions_;      // [episode]
  std::vector<bool> present_;
  uint32_t present_count_ = 0;
};

}  // namespace nmn::ingest
