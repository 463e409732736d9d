#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/bench/benchmark.h"
#include "cli/bench/machine.h"

namespace nmn::cli::bench {

struct Report {
  Machine machine;
  double ceiling_gflops = 0;  // of one core
  std::optional<double> openblas_gflops;
  std::vector<Result> results;
};

// One object on one line.
std::string ToJson(const Report& report);
std::string ToTable(const Report& report);

}  // namespace nmn::cli::bench
