#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/env/environment.h"
#include "common/nn/network_spec.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::cli::bench {

using env::BenchmarkNames;

// Preset `reference`, NMN, of a benchmark.
v1::RunConfig ReferenceConfig(const std::string& benchmark);
nn::NetworkSpec ReferenceSpec(const std::string& benchmark, nn::Role role);
nn::NetworkSpec SpecOf(const v1::RunConfig& config, nn::Role role);  // config: valid

// FLOPs by convention: tanh, exp and sampling are work, not FLOPs.
inline double ForwardFlop(const nn::NetworkSpec& spec) { return 2.0 * static_cast<double>(spec.parameter_count); }
// Forward and backward of one step of one sequence.
inline double BackwardFlop(const nn::NetworkSpec& spec) { return 6.0 * static_cast<double>(spec.parameter_count); }

// Normal with mean 0, the same every time.
std::vector<float> Normals(size_t count, float deviation, uint32_t seed);

}  // namespace nmn::cli::bench
