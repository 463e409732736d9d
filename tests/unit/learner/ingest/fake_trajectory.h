#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "learner/ingest/batch_shape.h"
#include "learner/ingest/validate.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::ingest {

inline constexpr char kRunId[] = "run";

// Of generation 1 of a run whose config hash is "hash".
inline v1::Hello FakeHello(const std::string& actor_id, uint64_t incarnation = 1) {
  v1::Hello hello;
  hello.set_run_id(kRunId);
  hello.set_generation(1);
  hello.set_config_hash("hash");
  hello.set_actor_id(actor_id);
  hello.set_incarnation(incarnation);
  return hello;
}

// The value that FakeTrajectory writes for (field, time, dimension, episode); all distinct enough to notice a wrong
// place.
inline float FakeValue(int field, uint32_t t, uint32_t dimension, uint32_t episode) {
  return static_cast<float>(field) + 0.01f * static_cast<float>(t) + 0.001f * static_cast<float>(dimension) +
         10.0f * static_cast<float>(episode);
}

// A valid message: episodes [first, first + count) of the unit (update, unit_first, unit_count).
inline v1::Trajectory FakeTrajectory(const BatchShape& shape, uint32_t update, uint32_t unit_first, uint32_t unit_count,
                                     uint32_t first, uint32_t count) {
  v1::Trajectory trajectory;
  trajectory.set_run_id(kRunId);
  trajectory.set_generation(1);
  trajectory.mutable_unit()->set_update(update);
  trajectory.mutable_unit()->set_first_episode(unit_first);
  trajectory.mutable_unit()->set_count(unit_count);
  trajectory.set_policy_version(update);
  trajectory.set_first_episode(first);
  trajectory.set_count(count);
  for (int field = v1::OBSERVATION; field <= v1::LOG_VARIANCE; ++field) {
    const uint32_t dimensions = shape.layout.width(static_cast<v1::Field>(field));
    v1::Block* block = trajectory.add_blocks();
    block->set_field(static_cast<v1::Field>(field));
    block->add_shape(shape.horizon);
    if (field == v1::OBSERVATION) block->add_shape(dimensions);
    block->add_shape(count);
    for (uint32_t t = 0; t < shape.horizon; ++t) {
      for (uint32_t d = 0; d < dimensions; ++d) {
        for (uint32_t e = first; e < first + count; ++e) {
          const float value = FakeValue(field, t, d, e);
          block->mutable_data()->append(reinterpret_cast<const char*>(&value), sizeof(value));
        }
      }
    }
  }
  for (const std::string& name : shape.measures) {
    v1::MeasureBlock* measure = trajectory.add_measures();
    measure->set_name(name);
    for (uint32_t e = first; e < first + count; ++e) measure->add_values(1000.0 + e);
  }
  trajectory.set_sha256(PayloadSha256(trajectory));
  return trajectory;
}

// Overwrites float `index` of a block; with `sign` the digest is made to fit again.
inline void Poke(v1::Trajectory& trajectory, int block, size_t index, float value, bool sign = true) {
  trajectory.mutable_blocks(block)->mutable_data()->replace(index * sizeof(float), sizeof(float),
                                                            reinterpret_cast<const char*>(&value), sizeof(float));
  if (sign) trajectory.set_sha256(PayloadSha256(trajectory));
}

}  // namespace nmn::ingest
