#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace nmn::cli::bench {

// One measured figure, in units of 1: env-steps/s and not millions.
struct Result {
  std::string name;
  double value = 0;
  std::string unit;
  double gflops = 0;  // by the convention of networks.h; 0 where the work has no FLOP by that convention
  std::optional<double> ceiling_fraction = {};
  int threads = 1;                        // that share the work of gflops
  std::optional<double> at_most = {};     // what the value cannot exceed, where that is known; not printed
  std::optional<double> twin_ratio = {};  // ours over the LibTorch twin's, measured in turn
  std::vector<std::pair<std::string, double>> conditions = {};  // what it was measured with, e.g. {"lanes", 256}
};

struct Context {
  double ceiling_gflops = 0;  // of one core
};

// One figure that can be measured alone. `run` blocks for seconds.
struct Benchmark {
  std::string name;
  std::function<absl::StatusOr<Result>(const Context&)> run;
};

// The groups, one file each.
void AddEnvironment(std::vector<Benchmark>& all);
void AddForward(std::vector<Benchmark>& all);
void AddActorLoop(std::vector<Benchmark>& all);
void AddBackward(std::vector<Benchmark>& all);
void AddUpdate(std::vector<Benchmark>& all);  // and threads/2
void AddWire(std::vector<Benchmark>& all);

// All of them, in the order of the output.
std::vector<Benchmark> AllBenchmarks();

}  // namespace nmn::cli::bench
