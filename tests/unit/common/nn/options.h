#pragma once

#include <cstdint>
#include <vector>

#include "nmn/v1/run_config.pb.h"

namespace nmn::nn {

// The networks of docs/specification.md section 2.5 (table), written out for tests. `benchmark` is 1, 2 or 3.
inline v1::NetworkOptions SizesOf(int benchmark, const std::vector<uint32_t>& small,
                                  const std::vector<uint32_t>& large) {
  v1::NetworkOptions options;
  options.set_main_activation(v1::SATURATED_RELU);
  const std::vector<uint32_t> recurrent = benchmark == 1 ? std::vector<uint32_t>{50} : std::vector<uint32_t>{100, 75};
  for (uint32_t units : recurrent) options.add_recurrent_sizes(units);
  for (uint32_t units : benchmark == 1 ? small : large) options.add_hidden_sizes(units);
  return options;
}

inline uint32_t ObservationSize(int benchmark) { return benchmark == 1 ? 1 : benchmark == 2 ? 2 : 4; }

inline v1::NetworkOptions Nmn(int benchmark, v1::Formula formula, v1::SignalWiring wiring, uint32_t signal_size) {
  v1::NetworkOptions options = SizesOf(benchmark, {10}, {30, 10});
  options.set_architecture(v1::NMN);
  options.set_formula(formula);
  options.set_signal_wiring(wiring);
  options.set_signal_size(signal_size);
  options.set_signal_activation(v1::RELU);
  return options;
}

inline v1::NetworkOptions Rnn(int benchmark) {
  v1::NetworkOptions options = SizesOf(benchmark, {20, 10}, {45, 30, 10});
  options.set_architecture(v1::RNN);
  return options;
}

// Presets `reference` (and `fast`) and `paper`.
inline v1::NetworkOptions ReferenceNmn(int benchmark) {
  return Nmn(benchmark, v1::FORMULA_REFERENCE, v1::PER_LAYER, benchmark == 1 ? 20 : 45);
}
inline v1::NetworkOptions PaperNmn(int benchmark) {
  return Nmn(benchmark, v1::FORMULA_PAPER, v1::SHARED, benchmark == 1 ? 16 : 30);
}

}  // namespace nmn::nn
