#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// What can be computed of Bernoulli arms with chances p ~ U[0, 1] before any is pulled. An arm is (s, c): s rewards in
// c pulls; its next pull is rewarded with the posterior mean (s + 1) / (c + 2).
namespace nmn::scripted {

// The greatest expected return of T pulls of two arms, and the pulls that get it: dynamic programming over what can be
// known (Bellman 1956). Memory T^4 / 24 bytes.
class TwoArmOptimum {
 public:
  static constexpr uint32_t kMostPulls = 200;

  explicit TwoArmOptimum(uint32_t pulls);

  double value() const { return value_; }
  enum class Best : uint8_t { kFirst, kSecond, kEither };
  Best At(uint32_t s1, uint32_t c1, uint32_t s2, uint32_t c2) const {
    return best_[layers_[c1 + c2] + Index(c1 + c2, c1, s1, s2)];
  }

 private:
  static size_t Index(uint32_t t, uint32_t c1, uint32_t s1, uint32_t s2);

  double value_ = 0;
  std::vector<size_t> layers_;  // where the states of t pulls begin
  std::vector<Best> best_;
};

// Gittins indices over the pulls that are left (Gittins 1979; the horizon as in Kaufmann 2018, "finite-horizon
// Gittins"): the wage l of a sure alternative at which one is indifferent between it, from now on, and this arm with
// the right to leave it for good at any time. In steps of 1 / kSteps.
class GittinsIndices {
 public:
  static constexpr uint32_t kMostPulls = 500;
  static constexpr uint32_t kSteps = 500;

  explicit GittinsIndices(uint32_t pulls);

  // Of an arm with `left` pulls to go, this one included; c + left <= pulls.
  uint32_t At(uint32_t s, uint32_t c, uint32_t left) const { return index_[layers_[left] + State(s, c)]; }

 private:
  static size_t State(uint32_t s, uint32_t c) { return size_t{c} * (c + 1) / 2 + s; }

  std::vector<size_t> layers_;  // [left]
  std::vector<uint16_t> index_;
};

}  // namespace nmn::scripted
