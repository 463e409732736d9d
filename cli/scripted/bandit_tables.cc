#include "cli/scripted/bandit_tables.h"

#include <algorithm>

namespace nmn::scripted {
namespace {

double MeanOf(uint32_t s, uint32_t c) { return (s + 1.0) / (c + 2.0); }

// Closer than this, two expected returns are the same number with another rounding.
constexpr double kRounding = 1e-12;

}  // namespace

// The states of t pulls in the order of c1, then s1, then s2: before c1 there are sum over k < c1 of (k + 1)(t - k +
// 1).
size_t TwoArmOptimum::Index(uint32_t t, uint32_t c1, uint32_t s1, uint32_t s2) {
  const size_t n = c1, m = t + 1;
  // sum over k < n of (k + 1)(m - k) = m n (n + 1) / 2 - (n - 1) n (n + 1) / 3
  const size_t before = m * n * (n + 1) / 2 - (n == 0 ? 0 : (n - 1) * n * (n + 1) / 3);
  return before + size_t{s1} * (t - c1 + 1) + s2;
}

TwoArmOptimum::TwoArmOptimum(uint32_t pulls) : layers_(pulls + 1) {
  for (uint32_t t = 0; t < pulls; ++t) layers_[t + 1] = layers_[t] + Index(t, t + 1, 0, 0);
  best_.resize(layers_[pulls]);
  std::vector<double> next(Index(pulls, pulls + 1, 0, 0), 0.0), now;
  for (uint32_t t = pulls; t-- > 0;) {
    now.resize(Index(t, t + 1, 0, 0));
    size_t state = 0;
    for (uint32_t c1 = 0; c1 <= t; ++c1) {
      const uint32_t c2 = t - c1;
      for (uint32_t s1 = 0; s1 <= c1; ++s1) {
        for (uint32_t s2 = 0; s2 <= c2; ++s2, ++state) {
          const double p1 = MeanOf(s1, c1), p2 = MeanOf(s2, c2);
          const double first =
              p1 * (1 + next[Index(t + 1, c1 + 1, s1 + 1, s2)]) + (1 - p1) * next[Index(t + 1, c1 + 1, s1, s2)];
          const double second =
              p2 * (1 + next[Index(t + 1, c1, s1, s2 + 1)]) + (1 - p2) * next[Index(t + 1, c1, s1, s2)];
          now[state] = std::max(first, second);
          best_[layers_[t] + state] = first > second + kRounding   ? Best::kFirst
                                      : second > first + kRounding ? Best::kSecond
                                                                   : Best::kEither;
        }
      }
    }
    next.swap(now);
  }
  value_ = next[0];
}

GittinsIndices::GittinsIndices(uint32_t pulls) : layers_(pulls + 1) {
  size_t size = 0;
  for (uint32_t left = 1; left <= pulls; ++left) {
    layers_[left] = size;
    size += State(0, pulls - left + 1);
  }
  index_.resize(size);
  // What there is to gain over the wage, after which the arm is left: of `left` pulls, and of one less.
  std::vector<double> gain(State(0, pulls + 2)), before(gain.size());
  for (uint32_t step = 0; step < kSteps; ++step) {
    const double wage = static_cast<double>(step) / kSteps;
    std::fill(before.begin(), before.end(), 0.0);
    for (uint32_t left = 1; left <= pulls; ++left) {
      size_t state = 0;
      for (uint32_t c = 0; c + left <= pulls; ++c) {
        const size_t next = State(0, c + 1);
        for (uint32_t s = 0; s <= c; ++s, ++state) {
          const double p = MeanOf(s, c);
          const double pulled = p - wage + p * before[next + s + 1] + (1 - p) * before[next + s];
          gain[state] = std::max(0.0, pulled);
          if (pulled > 0) index_[layers_[left] + state] = static_cast<uint16_t>(step);
        }
      }
      gain.swap(before);
    }
  }
}

}  // namespace nmn::scripted
