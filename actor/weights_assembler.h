#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::actor {

// One version of the policy's parameters; shared, never changed.
struct PolicyWeights {
  uint32_t version = 0;
  std::vector<float> parameters;
};

// Puts chunks together again. A chunk with offset 0 begins anew, whatever was there: the learner sends the newest only.
// Memory is bounded by `max_bytes`.
class WeightsAssembler {
 public:
  explicit WeightsAssembler(size_t max_bytes) : max_bytes_(max_bytes) {}

  // Null while chunks are missing. DATA_LOSS: a gap, a wrong size or a digest that does not match; what was there is
  // forgotten.
  absl::StatusOr<std::shared_ptr<const PolicyWeights>> Add(const v1::WeightsChunk& chunk);

 private:
  size_t max_bytes_;
  uint32_t version_ = 0;
  std::string bytes_;
};

}  // namespace nmn::actor
