#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/sweep/directory.h"

namespace nmn::reproduce {

// Runs that differ in the seed alone cost the same: "b1-nmn" of "b1-nmn-s1".
std::string KindOf(const sweep::SweepRun& run);

// Seconds an update, by kind.
using Rates = std::map<std::string, double>;
// Of the runs of a sweep that have begun in earnest: the mean over those of a kind.
Rates KnownRates(const sweep::SweepDirectory& sweep);
// Of a sweep of a few updates: without the time from a process's start to its first update.
Rates ProbedRates(const sweep::SweepDirectory& probe);

// What is left to do of one kind.
struct Work {
  std::string kind;
  size_t runs = 0;
  uint64_t updates = 0;          // of all of them
  uint32_t longest = 0;          // of one of them
  double seconds_an_update = 0;  // 0 where nobody knows
};
// Of the chosen runs that are not done, in the order of the sweep.
std::vector<Work> WorkLeft(const sweep::SweepDirectory& sweep, const Rates& rates);

// How long that takes with so many runs at once: no less than the longest run alone.
double SecondsOf(const std::vector<Work>& work, size_t jobs);

// A line a kind and the sum, for people.
std::string Describe(const std::vector<Work>& work, size_t jobs);

}  // namespace nmn::reproduce
