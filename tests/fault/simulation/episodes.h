#pragma once

#include <cstdint>
#include <string>

#include "learner/ingest/batch_shape.h"
#include "learner/ingest/slab.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::fault {

// The smallest episodes that the core takes: one step, x of dimension 1, one measure.
ingest::BatchShape SimulatedShape();
inline constexpr uint32_t kSimulatedUnit = 2;
inline constexpr char kSimulatedRun[] = "simulation";

// Episodes [first, first + count) of `unit`, as an actor with the weights of `version` plays them: every number is a
// hash of weights, update, episode and field, so that any mistake reaches the final weights.
v1::Trajectory PlaySimulated(uint32_t version, const std::string& weights, uint32_t generation, const v1::UnitId& unit,
                             uint32_t first, uint32_t count);

// The unit that is a whole update.
v1::UnitId WholeUpdate(uint32_t update);

// A slab with the episodes of one message.
ingest::Slab SlabOf(const v1::Trajectory& trajectory);
// Whether a slab's episode is the one of this message, bit for bit.
bool HoldsEpisode(const ingest::Slab& slab, const v1::Trajectory& played);

// All numbers of a complete slab, in a fixed order.
std::string BatchBytes(const ingest::Slab& slab);

// The batch of an update that all of its episodes give, past every network and core.
std::string BatchWithoutFaults(const std::string& weights, uint32_t update);

}  // namespace nmn::fault
