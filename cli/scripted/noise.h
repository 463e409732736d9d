#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "common/rng/philox.h"

namespace nmn::scripted {

// The random numbers of one step of one episode, as many as it takes: SplitMix64 (Steele et al. 2014) from two words of
// the step's stream.
class Noise {
 public:
  explicit Noise(const rng::StreamPosition& at) {
    const rng::Block block = rng::Draw(at, rng::Purpose::kScriptedPolicy);
    state_ = uint64_t{block[0]} << 32 | block[1];
  }

  double Uniform() {  // in (0, 1)
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (static_cast<double>((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53;
  }
  double Normal() { return std::sqrt(-2 * std::log(Uniform())) * std::cos(2 * std::numbers::pi * Uniform()); }
  // Marsaglia and Tsang 2000; shape at least 1.
  double Gamma(double shape) {
    const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
    while (true) {
      const double x = Normal(), root = 1 + c * x;
      if (root <= 0) continue;
      const double v = root * root * root;
      if (std::log(Uniform()) < x * x / 2 + d * (1 - v + std::log(v))) return d * v;
    }
  }
  double Beta(double a, double b) {
    const double x = Gamma(a);
    return x / (x + Gamma(b));
  }

 private:
  uint64_t state_;
};

}  // namespace nmn::scripted
