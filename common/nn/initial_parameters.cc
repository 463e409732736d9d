#include <algorithm>

#include "common/nn/network_spec.h"
#include "common/rng/philox.h"

namespace nmn::nn {

std::vector<float> InitialParameters(const NetworkSpec& spec, uint64_t seed) {
  // Actor and critic draw from tensors numbered apart: the role in the upper half, the tensor's index in the lower.
  const uint32_t first_tensor = spec.role == Role::kActor ? 0 : uint32_t{1} << 16;
  std::vector<float> parameters(spec.parameter_count, 0.0f);
  for (uint32_t index = 0; index < spec.tensors.size(); ++index) {
    const TensorSpec& tensor = spec.tensors[index];
    if (tensor.is_bias) continue;
    if (tensor.begins_at) {
      std::fill_n(parameters.begin() + static_cast<std::ptrdiff_t>(tensor.offset), tensor.size, *tensor.begins_at);
      continue;
    }
    for (uint32_t element = 0; element < tensor.size; ++element) {
      parameters[tensor.offset + element] =
          rng::TruncatedNormal(seed, first_tensor + index, element, kInitialDeviation);
    }
  }
  return parameters;
}

}  // namespace nmn::nn
