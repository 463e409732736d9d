#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nmn::ingest {

// What the episodes of an update look like, from the learner's own config: never from a sender's numbers.
struct BatchShape {
  uint32_t horizon = 0;           // T
  uint32_t observation_size = 0;  // dimension of x
  uint32_t episodes = 0;          // in an update
  std::vector<std::string> measures;
};

// Scalars a step holds besides x: u, fed-back action, reward, mean, log-variance.
inline constexpr size_t kScalarFields = 5;

}  // namespace nmn::ingest
