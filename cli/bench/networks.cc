#include "cli/bench/networks.h"

#include <random>

#include "common/config/config.h"

namespace nmn::cli::bench {

v1::RunConfig ReferenceConfig(const std::string& benchmark) {
  return config::Preset("reference", benchmark, "nmn").value();
}

nn::NetworkSpec SpecOf(const v1::RunConfig& config, nn::Role role) { return nn::MakeNetworkSpec(config, role).value(); }

nn::NetworkSpec ReferenceSpec(const std::string& benchmark, nn::Role role) {
  return SpecOf(ReferenceConfig(benchmark), role);
}

std::vector<float> Normals(size_t count, float deviation, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

}  // namespace nmn::cli::bench
