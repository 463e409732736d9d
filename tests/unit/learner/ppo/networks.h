#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <string>
#include <vector>

#include "common/nn/network_spec.h"
#include "learner/ppo/sequences.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::ppo {

struct NamedOptions {
  std::string name;
  v1::NetworkOptions options;
};

// Small networks that cover every option of docs/specification.md section 2.
inline std::vector<NamedOptions> EveryNetwork() {
  std::vector<NamedOptions> all;
  const auto add_sizes = [](v1::NetworkOptions& options, int hidden_layers) {
    options.add_recurrent_sizes(4);
    options.add_recurrent_sizes(3);
    for (int l = 0; l < hidden_layers; ++l) options.add_hidden_sizes(l == 0 ? 5 : 2);
  };
  for (const v1::Activation main : {v1::SATURATED_RELU, v1::SIGMOID}) {
    for (const v1::Formula formula : {v1::FORMULA_PAPER, v1::FORMULA_REFERENCE}) {
      for (const v1::SignalWiring wiring : {v1::SHARED, v1::PER_LAYER}) {
        for (const bool lag : {false, true}) {
          v1::NetworkOptions options;
          options.set_architecture(v1::NMN);
          options.set_formula(formula);
          options.set_signal_wiring(wiring);
          options.set_signal_lag(lag);
          options.set_signal_size(6);
          options.set_signal_activation(v1::RELU);
          options.set_main_activation(main);
          add_sizes(options, 2);
          all.push_back({v1::Formula_Name(formula) + "_" + v1::SignalWiring_Name(wiring) + "_" +
                             v1::Activation_Name(main) + (lag ? "_lag" : ""),
                         options});
        }
      }
    }
    v1::NetworkOptions rnn;
    rnn.set_architecture(v1::RNN);
    rnn.set_main_activation(main);
    add_sizes(rnn, 2);
    all.push_back({"rnn_" + v1::Activation_Name(main), rnn});
    rnn.set_previous_observation(true);
    all.push_back({"rnn_previous_observation_" + v1::Activation_Name(main), rnn});
  }
  v1::NetworkOptions base = all.front().options;
  base.set_formula(v1::FORMULA_REFERENCE);
  for (const v1::Activation signal : {v1::TANH, v1::SIGMOID, v1::SATURATED_RELU, v1::IDENTITY}) {
    v1::NetworkOptions options = base;
    options.set_signal_activation(signal);
    all.push_back({"signal_" + v1::Activation_Name(signal), options});
  }
  v1::NetworkOptions shallow = base;
  shallow.clear_hidden_sizes();
  all.push_back({"no_hidden_layer", shallow});
  v1::NetworkOptions single = base;
  single.clear_recurrent_sizes();
  single.add_recurrent_sizes(5);
  all.push_back({"one_gru", single});
  v1::NetworkOptions hyper = base;
  hyper.set_modulation(v1::HYPERNETWORK);
  all.push_back({"hypernetwork", hyper});
  for (const v1::Cell cell : {v1::LSTM, v1::PLASTIC, v1::MODULATED_PLASTIC}) {
    v1::NetworkOptions options = base;
    options.set_cell(cell);
    all.push_back({"nmn_" + v1::Cell_Name(cell), options});
    v1::NetworkOptions rnn;
    rnn.set_architecture(v1::RNN);
    rnn.set_main_activation(v1::SIGMOID);
    rnn.set_cell(cell);
    add_sizes(rnn, 1);
    all.push_back({"rnn_" + v1::Cell_Name(cell), rnn});
  }
  return all;
}

// Reproducible values in (-scale, scale), unrelated to the product's own generator.
inline at::Tensor Pseudorandom(std::vector<int64_t> shape, double scale, double salt, at::ScalarType type) {
  int64_t count = 1;
  for (const int64_t axis : shape) count *= axis;
  const at::Tensor values = at::empty({count}, at::kDouble);
  for (int64_t i = 0; i < count; ++i) {
    const double wave = std::sin(12.9898 * static_cast<double>(i + 1) + 78.233 * salt) * 43758.5453;
    values.data_ptr<double>()[i] = scale * (2 * (wave - std::floor(wave)) - 1);
  }
  return values.view(shape).to(type);
}

inline Sequences RandomInputs(const nn::NetworkSpec& spec, int64_t time, int64_t sequences, at::ScalarType type) {
  return {Pseudorandom({time, spec.recurrent_input_size, sequences}, 2.0, 1, type),
          Pseudorandom({time, spec.main_input_size, sequences}, 2.0, 2, type)};
}

inline CarriedState RandomState(const nn::NetworkSpec& spec, int64_t sequences, at::ScalarType type) {
  CarriedState start;
  start.state = Pseudorandom({spec.state_size, sequences}, 0.9, 3, type);
  if (spec.options.signal_lag()) start.signal = Pseudorandom({spec.options.signal_size(), sequences}, 1.0, 4, type);
  return start;
}

}  // namespace nmn::ppo
