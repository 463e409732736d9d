#include "learner/ppo/shuffle.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace nmn::ppo {

std::vector<int64_t> ShuffledIndices(int64_t count, uint64_t seed, rng::Purpose purpose, uint32_t update,
                                     uint32_t epoch) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  rng::Block block{};
  uint32_t loaded = UINT32_MAX;
  for (int64_t i = count - 1; i > 0; --i) {
    const auto step = static_cast<uint32_t>(i / 4);
    if (step != loaded) {
      block = rng::Draw({.seed = seed, .update = update, .episode = epoch, .step = step}, purpose);
      loaded = step;
    }
    // A word scaled to 0 .. i; uneven by at most (i + 1) / 2^32.
    const auto j =
        static_cast<int64_t>((uint64_t{block[static_cast<size_t>(i % 4)]} * static_cast<uint64_t>(i + 1)) >> 32);
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(j)]);
  }
  return order;
}

std::vector<std::vector<int64_t>> Minibatches(int64_t count, uint32_t size, uint64_t seed, rng::Purpose purpose,
                                              uint32_t update, uint32_t epoch) {
  if (size == 0) {
    std::vector<int64_t> all(static_cast<size_t>(count));
    std::iota(all.begin(), all.end(), int64_t{0});
    return {std::move(all)};
  }
  const std::vector<int64_t> order = ShuffledIndices(count, seed, purpose, update, epoch);
  std::vector<std::vector<int64_t>> batches;
  for (size_t first = 0; first < order.size(); first += size) {
    const size_t end = std::min(order.size(), first + size);
    batches.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(first),
                         order.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return batches;
}

}  // namespace nmn::ppo
