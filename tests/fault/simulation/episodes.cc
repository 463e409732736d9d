#include "tests/fault/simulation/episodes.h"

#include <cstring>

#include "common/nn/gaussian_head.h"
#include "learner/ingest/validate.h"

namespace nmn::fault {
namespace {

constexpr uint32_t kEpisodes = 8;

// SplitMix64's finaliser (Steele et al. 2014).
uint64_t Mixed(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// In [-1, 1).
float Value(const std::string& weights, uint32_t update, uint32_t episode, int field) {
  uint64_t state;
  std::memcpy(&state, weights.data(), sizeof(state));
  state = Mixed(state + (uint64_t{update} << 32) + episode * 16 + static_cast<uint64_t>(field));
  return static_cast<float>(static_cast<int64_t>(state) >> 40) * 0x1p-23f;
}

template <typename Number>
void AppendBytes(const Number* numbers, size_t count, std::string& out) {
  out.append(reinterpret_cast<const char*>(numbers), count * sizeof(Number));
}

}  // namespace

ingest::BatchShape SimulatedShape() {
  return {.horizon = 1,
          .layout = trajectory::TrajectoryLayout::OfNetwork(1, nn::GaussianHead({})),
          .episodes = kEpisodes,
          .measures = {"hits"}};
}

v1::Trajectory PlaySimulated(uint32_t version, const std::string& weights, uint32_t generation, const v1::UnitId& unit,
                             uint32_t first, uint32_t count) {
  v1::Trajectory trajectory;
  trajectory.set_run_id(kSimulatedRun);
  trajectory.set_generation(generation);
  *trajectory.mutable_unit() = unit;
  trajectory.set_policy_version(version);
  trajectory.set_first_episode(first);
  trajectory.set_count(count);
  for (int field = v1::OBSERVATION; field <= v1::LOG_VARIANCE; ++field) {
    v1::Block* block = trajectory.add_blocks();
    block->set_field(static_cast<v1::Field>(field));
    block->add_shape(1);
    if (field == v1::OBSERVATION) block->add_shape(1);
    block->add_shape(count);
    for (uint32_t e = first; e < first + count; ++e) {
      const float value = Value(weights, unit.update(), e, field);
      AppendBytes(&value, 1, *block->mutable_data());
    }
  }
  v1::MeasureBlock* hits = trajectory.add_measures();
  hits->set_name("hits");
  for (uint32_t e = first; e < first + count; ++e) hits->add_values(Value(weights, unit.update(), e, 0));
  trajectory.set_sha256(ingest::PayloadSha256(trajectory));
  return trajectory;
}

ingest::Slab SlabOf(const v1::Trajectory& trajectory) {
  ingest::Slab slab(SimulatedShape());
  ingest::Slab::Claim claim = slab.Reserve(trajectory);
  claim.Write(trajectory);
  slab.Keep(claim);
  return slab;
}

std::string BatchBytes(const ingest::Slab& slab) {
  const trajectory::TrajectoryBatch batch = slab.batch();
  std::string bytes;
  for (size_t f = 0; f < batch.layout().fields().size(); ++f) AppendBytes(batch.array(f).data, kEpisodes, bytes);
  AppendBytes(slab.measures()[0].data(), kEpisodes, bytes);
  return bytes;
}

v1::UnitId WholeUpdate(uint32_t update) {
  v1::UnitId all;
  all.set_update(update);
  all.set_count(kEpisodes);
  return all;
}

std::string BatchWithoutFaults(const std::string& weights, uint32_t update) {
  return BatchBytes(SlabOf(PlaySimulated(update, weights, 1, WholeUpdate(update), 0, kEpisodes)));
}

bool HoldsEpisode(const ingest::Slab& slab, const v1::Trajectory& played) {
  const uint32_t e = played.first_episode();
  const ingest::Slab own = SlabOf(played);
  bool equal = own.measures()[0][e] == slab.measures()[0][e];
  const trajectory::TrajectoryBatch batch = slab.batch(), expected = own.batch();
  for (size_t f = 0; f < batch.layout().fields().size(); ++f)
    equal = equal && std::memcmp(batch.array(f).data + e, expected.array(f).data + e, sizeof(float)) == 0;
  return equal;
}

}  // namespace nmn::fault
