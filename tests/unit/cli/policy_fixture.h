#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/env/environment.h"
#include "common/nn/network_spec.h"
#include "common/rng/philox.h"
#include "common/safetensors/safetensors.h"
#include "learner/policy/policy_file.h"

namespace nmn::cli {

// A policy of a preset with the given fields changed, whose every parameter, biases too, is uniform in [-0.3, 0.3).
inline policy::NetworkPolicy MakePolicy(const std::string& preset, const std::string& benchmark,
                                        const std::string& architecture,
                                        const std::vector<std::string>& assignments = {}) {
  policy::NetworkPolicy policy;
  policy.config = config::Preset(preset, benchmark, architecture).value();
  for (const std::string& assignment : assignments) {
    const absl::Status status = config::Set(assignment, policy.config);
    EXPECT_TRUE(status.ok()) << status;
  }
  policy.run_id = "test-run";
  policy.update = 7;
  const uint32_t size = env::FindSpec(benchmark)->observation_size;
  uint32_t tensor_number = 0;
  for (const nn::Role role : {nn::Role::kActor, nn::Role::kCritic}) {
    const nn::NetworkSpec spec = nn::MakeNetworkSpec(policy.config.network(), role, size, nn::BoxOf(1)).value();
    for (const nn::TensorSpec& tensor : spec.tensors) {
      NamedTensor values{(role == nn::Role::kActor ? "actor." : "critic.") + tensor.name, tensor.shape, {}};
      for (uint32_t i = 0; i < tensor.size; ++i) {
        const rng::Block block = rng::Draw({.seed = 3, .update = tensor_number, .step = i}, rng::Purpose::kWeights);
        values.values.push_back(rng::Uniform(block[0], -0.3f, 0.3f));
      }
      policy.weights.push_back(std::move(values));
      ++tensor_number;
    }
  }
  const absl::Status fit = Fit("test", policy);
  EXPECT_TRUE(fit.ok()) << fit;
  return policy;
}

inline std::string Encode(const policy::NetworkPolicy& policy) {
  return EncodeSafetensors(policy.weights, ExportMetadata(policy));
}

}  // namespace nmn::cli
