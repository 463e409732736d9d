#pragma once

#include <cstdint>
#include <vector>

#include "common/rng/philox.h"

namespace nmn::ppo {

// A permutation of 0 .. count - 1 by Fisher and Yates, a pure function of (seed, purpose, update, epoch): no library's
// shuffle, so the order is the same everywhere. Position `i` is drawn from the block {step i / 4, word i % 4} of stream
// {update, episode = epoch}.
std::vector<int64_t> ShuffledIndices(int64_t count, uint64_t seed, rng::Purpose purpose, uint32_t update,
                                     uint32_t epoch);

// The order of one epoch cut into minibatches, the last one as small as it comes. `size` 0: one minibatch of all, in
// order.
std::vector<std::vector<int64_t>> Minibatches(int64_t count, uint32_t size, uint64_t seed, rng::Purpose purpose,
                                              uint32_t update, uint32_t epoch);

}  // namespace nmn::ppo
