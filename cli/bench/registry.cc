#include "cli/bench/benchmark.h"

namespace nmn::cli::bench {

std::vector<Benchmark> AllBenchmarks() {
  std::vector<Benchmark> all;
  AddEnvironment(all);
  AddForward(all);
  AddActorLoop(all);
  AddBackward(all);
  AddUpdate(all);
  AddWire(all);
  return all;
}

}  // namespace nmn::cli::bench
