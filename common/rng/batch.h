#pragma once

#include <cstddef>
#include <cstdint>

#include "common/rng/philox.h"
#include "common/tensor/view.h"

// Whole batches of lanes by SIMD, the target chosen at run time. Every function gives, bit for bit, what its scalar
// twin gives, on every target and for any number of lanes. No allocation.
namespace nmn::rng {

// Standard normals of steps 4 block .. 4 block + 3 for the episodes first_episode + lane: out(i, lane) equals
// StepNormal({seed, update, first_episode + lane, 4 block + i}, purpose, draw).
//   out [4, lane], lanes <= out.columns
void StepNormalBlock(uint64_t seed, uint32_t update, uint32_t first_episode, size_t lanes, uint32_t block,
                     Purpose purpose, View2 out, uint16_t draw = 0);

// Likewise uniform floats in [low, high): out(i, lane) equals
// Uniform(Draw({seed, update, first_episode + lane, block}, purpose, draw)[i], low, high).
void StepUniformBlock(uint64_t seed, uint32_t update, uint32_t first_episode, size_t lanes, uint32_t block,
                      Purpose purpose, float low, float high, View2 out, uint16_t draw = 0);

// Sine and cosine of angles in radians, |angle| <= 8192, absolute error below 2^-22. Arrays may not overlap.
void SinCos(const float* angle, size_t lanes, float* sine, float* cosine);

}  // namespace nmn::rng
