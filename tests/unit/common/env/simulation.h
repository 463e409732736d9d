#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

// The benchmarks once more, written from docs/specification.md section 1 alone, one episode at a time in double
// precision: what the batched environments are compared with. Shares no code and no random numbers with them.
namespace nmn::simulation {

using Generator = std::mt19937_64;

enum class Rule { kRandom, kZero, kUntrained, kMemoryless };

struct Episode {
  double raw = 0;
  double discounted = 0;         // gamma 0.998
  std::vector<double> measures;  // b1: sum of |a - p|; b2: hits; b3: good hits, bad hits
};

Episode MovingTarget(Rule rule, bool paper_domain, Generator& generator);
Episode WindyNavigation(Rule rule, double cone, Generator& generator);
Episode TwoTargets(Rule rule, Generator& generator);

}  // namespace nmn::simulation
