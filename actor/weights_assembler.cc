#include "actor/weights_assembler.h"

#include <cstring>
#include <string>

#include "common/digest/sha256.h"

namespace nmn::actor {

absl::StatusOr<std::shared_ptr<const PolicyWeights>> WeightsAssembler::Add(const v1::WeightsChunk& chunk) {
  if (chunk.offset() == 0) {
    bytes_.clear();
    version_ = chunk.version();
  }
  const bool fits = chunk.version() == version_ && chunk.offset() == bytes_.size() && !chunk.data().empty() &&
                    chunk.total_bytes() <= max_bytes_ && chunk.total_bytes() % sizeof(float) == 0 &&
                    chunk.data().size() <= chunk.total_bytes() - chunk.offset();
  if (!fits) {
    bytes_.clear();
    return absl::DataLossError("weights of version " + std::to_string(chunk.version()) +
                               ": a chunk is missing or wrong");
  }
  bytes_ += chunk.data();
  if (bytes_.size() < chunk.total_bytes()) return nullptr;
  if (Sha256Of(bytes_) != chunk.sha256()) {
    bytes_.clear();
    return absl::DataLossError("weights of version " + std::to_string(chunk.version()) + " do not match their SHA-256");
  }
  auto weights = std::make_shared<PolicyWeights>();
  weights->version = version_;
  weights->parameters.resize(bytes_.size() / sizeof(float));
  std::memcpy(weights->parameters.data(), bytes_.data(), bytes_.size());
  bytes_.clear();
  return weights;
}

}  // namespace nmn::actor
