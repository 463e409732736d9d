#include "common/nn/network_spec.h"

#include <cmath>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/nn/recurrent_cell.h"
#include "common/nn/spec_builder.h"

namespace nmn::nn {
namespace {

constexpr uint32_t kMaxUnits = 4096;  // of one layer, and of z: keeps a mistyped size from asking for the whole memory
constexpr int kMaxLayers = 16;        // of each kind

absl::Status CheckSizes(const char* field, const google::protobuf::RepeatedField<uint32_t>& sizes) {
  if (sizes.size() > kMaxLayers) {
    return absl::InvalidArgumentError(
        absl::StrCat("network.", field, " lists ", sizes.size(), " layers; there can be at most ", kMaxLayers));
  }
  for (int layer = 0; layer < sizes.size(); ++layer) {
    if (sizes[layer] < 1 || sizes[layer] > kMaxUnits) {
      return absl::InvalidArgumentError(absl::StrCat("network.", field, "[", layer, "] is ", sizes[layer],
                                                     "; it must be from 1 to ", kMaxUnits, " units"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSignal(const v1::NetworkOptions& options) {
  if (options.formula() != v1::FORMULA_PAPER && options.formula() != v1::FORMULA_REFERENCE) {
    return absl::InvalidArgumentError(absl::StrCat("network.formula is ", v1::Formula_Name(options.formula()),
                                                   "; it must be FORMULA_PAPER or FORMULA_REFERENCE"));
  }
  if (options.signal_wiring() != v1::SHARED && options.signal_wiring() != v1::PER_LAYER) {
    return absl::InvalidArgumentError(
        absl::StrCat("network.signal_wiring is ", v1::SignalWiring_Name(options.signal_wiring()),
                     "; it must be SHARED or PER_LAYER (the paper's reference uses PER_LAYER)"));
  }
  switch (options.signal_activation()) {
    case v1::SATURATED_RELU:
    case v1::SIGMOID:
    case v1::RELU:
    case v1::TANH:
    case v1::IDENTITY:
      break;
    default:
      return absl::InvalidArgumentError(absl::StrCat(
          "network.signal_activation is ", v1::Activation_Name(options.signal_activation()),
          "; it must be RELU, TANH, SIGMOID, SATURATED_RELU or IDENTITY (the paper's reference uses RELU)"));
  }
  if (options.signal_size() < 1 || options.signal_size() > kMaxUnits) {
    return absl::InvalidArgumentError(absl::StrCat("network.signal_size is ", options.signal_size(),
                                                   "; it must be from 1 to ", kMaxUnits,
                                                   " (the paper's reference uses 20 for b1, 45 for b2 and b3)"));
  }
  if (!v1::Modulation_IsValid(options.modulation())) {
    return absl::InvalidArgumentError(
        absl::StrCat("network.modulation is ", static_cast<int>(options.modulation()),
                     "; it must be SCALE_AND_OFFSET, SCALE_ONLY, OFFSET_ONLY, NO_MODULATION or HYPERNETWORK"));
  }
  if (options.formula() == v1::FORMULA_PAPER && options.modulation() != v1::SCALE_AND_OFFSET &&
      options.modulation() != v1::SCALE_ONLY) {
    return absl::InvalidArgumentError(
        absl::StrCat("network.modulation is ", v1::Modulation_Name(options.modulation()),
                     "; with FORMULA_PAPER, where z alone is the scale, it must be SCALE_AND_OFFSET or SCALE_ONLY"));
  }
  if (options.previous_observation()) {
    return absl::InvalidArgumentError(
        "network.previous_observation is true; it must be absent: the modulator of an NMN reads x_{t-1} in any case");
  }
  const uint32_t layers = options.hidden_sizes_size() + 1;
  if (options.signal_wiring() == v1::PER_LAYER && options.signal_size() % layers != 0) {
    return absl::InvalidArgumentError(absl::StrCat("network.signal_size is ", options.signal_size(),
                                                   "; with PER_LAYER wiring it must be a multiple of ", layers,
                                                   ", the number of modulated layers (hidden layers and the heads)"));
  }
  return absl::OkStatus();
}

// An RNN has no signal. Its signal fields must be absent rather than ignored, so that two configs of equal meaning hash
// equal.
absl::Status CheckNoSignal(const v1::NetworkOptions& options) {
  const auto refuse = [](const char* field, const auto& value) {
    return absl::InvalidArgumentError(
        absl::StrCat("network.", field, " is ", value, "; it must be absent: an RNN has no signal"));
  };
  if (options.formula() != v1::FORMULA_UNSPECIFIED) return refuse("formula", v1::Formula_Name(options.formula()));
  if (options.signal_wiring() != v1::SIGNAL_WIRING_UNSPECIFIED) {
    return refuse("signal_wiring", v1::SignalWiring_Name(options.signal_wiring()));
  }
  if (options.signal_size() != 0) return refuse("signal_size", options.signal_size());
  if (options.signal_activation() != v1::ACTIVATION_UNSPECIFIED) {
    return refuse("signal_activation", v1::Activation_Name(options.signal_activation()));
  }
  if (options.signal_lag()) return refuse("signal_lag", "true");
  if (options.modulation() != v1::SCALE_AND_OFFSET) {
    return refuse("modulation", v1::Modulation_Name(options.modulation()));
  }
  if (options.frozen_modulator()) return refuse("frozen_modulator", "true");
  return absl::OkStatus();
}

}  // namespace

const TensorSpec& NetworkSpec::tensor(const std::string& name) const {
  for (const TensorSpec& candidate : tensors) {
    if (candidate.name == name) return candidate;
  }
  std::abort();
}

size_t NetworkSpec::LearnedCount() const {
  size_t count = 0;
  for (const TensorSpec& tensor : tensors) count += tensor.is_learned ? tensor.size : 0;
  return count;
}

absl::Status ValidateNetwork(const v1::NetworkOptions& options) {
  if (options.architecture() != v1::NMN && options.architecture() != v1::RNN) {
    return absl::InvalidArgumentError(absl::StrCat(
        "network.architecture is ", v1::Architecture_Name(options.architecture()), "; it must be NMN or RNN"));
  }
  if (!v1::Cell_IsValid(options.cell())) {
    return absl::InvalidArgumentError(absl::StrCat("network.cell is ", static_cast<int>(options.cell()),
                                                   "; it must be GRU, LSTM, PLASTIC or MODULATED_PLASTIC"));
  }
  if (options.recurrent_sizes().empty()) {
    return absl::InvalidArgumentError(
        "network.recurrent_sizes is empty; it must list at least one GRU (the paper's reference uses 50 for b1, 100 75 "
        "for "
        "b2 and b3)");
  }
  if (absl::Status status = CheckSizes("recurrent_sizes", options.recurrent_sizes()); !status.ok()) return status;
  if (absl::Status status = CheckSizes("hidden_sizes", options.hidden_sizes()); !status.ok()) return status;
  if (options.main_activation() != v1::SATURATED_RELU && options.main_activation() != v1::SIGMOID) {
    return absl::InvalidArgumentError(
        absl::StrCat("network.main_activation is ", v1::Activation_Name(options.main_activation()),
                     "; it must be SATURATED_RELU or SIGMOID (the paper's reference uses SATURATED_RELU)"));
  }
  if (!std::isfinite(options.min_log_variance()) || !std::isfinite(options.max_log_variance())) {
    return absl::InvalidArgumentError(
        "network.min_log_variance and max_log_variance must be finite; both 0: no bounds");
  }
  const bool unbounded = options.min_log_variance() == 0 && options.max_log_variance() == 0;
  if (!unbounded && options.min_log_variance() >= options.max_log_variance()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "network.min_log_variance is ", options.min_log_variance(), "; it must be below network.max_log_variance, ",
        options.max_log_variance(), " (both 0: no bounds, as the reference)"));
  }
  return options.architecture() == v1::NMN ? CheckSignal(options) : CheckNoSignal(options);
}

absl::StatusOr<NetworkSpec> MakeNetworkSpec(const v1::NetworkOptions& options, Role role, uint32_t observation_size,
                                            const v1::ActionSpace& action, bool has_trials,
                                            const v1::NormalizeOptions& normalize) {
  if (absl::Status status = ValidateNetwork(options); !status.ok()) return status;
  if (absl::Status status = ValidateActionSpace(action); !status.ok()) return status;
  if (observation_size < 1 || observation_size > kMaxUnits) {
    return absl::InvalidArgumentError(
        absl::StrCat("an observation of ", observation_size, " numbers; it must be from 1 to ", kMaxUnits));
  }
  NetworkSpec spec;
  spec.options = options;
  spec.cell = &CellOf(options.cell());
  spec.role = role;
  spec.observation_size = observation_size;
  spec.action = action;
  spec.action_size = ActionCoding(action).read_width();
  spec.trial_end_inputs = has_trials ? kTrialEndInputs : 0;
  spec.recurrent_input_size = spec.action_size + 1 + spec.trial_end_inputs + observation_size;
  if (options.previous_observation()) spec.recurrent_input_size += observation_size;
  if (role == Role::kActor) spec.head = MakePolicyHead(action, options);
  spec.output_size = spec.head != nullptr ? spec.head->parameter_count() : 1;

  spec.normalizes_observation = normalize.observation();
  spec.normalizes_reward = normalize.reward();

  SpecBuilder add(spec);
  const auto add_statistics = [&] {
    if (spec.normalizes_observation) {
      add.Statistic(kObservationMean, observation_size, 0);
      add.Statistic(kObservationDeviation, observation_size, 1);
    }
    if (spec.normalizes_reward) add.Statistic(kRewardScale, 1, 1);
    if (spec.normalizes_reward && role == Role::kCritic) add.Statistic(kReturnScale, 1, 1);
  };
  uint32_t in = spec.recurrent_input_size;
  for (int layer = 0; layer < options.recurrent_sizes_size(); ++layer) {
    const uint32_t units = options.recurrent_sizes(layer);
    spec.cell->AddTensors(absl::StrCat(spec.cell->name(), layer), in, units, add);
    spec.state_size += spec.cell->StateSize(units);
    in = units;
  }

  if (options.architecture() == v1::RNN) {
    for (int layer = 0; layer < options.hidden_sizes_size(); ++layer) {
      add.Dense(absl::StrCat("dense", layer), in, options.hidden_sizes(layer));
      in = options.hidden_sizes(layer);
    }
    add.Dense("head", in, spec.output_size);
    add_statistics();
    return spec;
  }

  add.Dense("signal", in, options.signal_size());
  if (options.frozen_modulator()) {
    for (TensorSpec& tensor : spec.tensors) tensor.is_learned = false;
  }
  const uint32_t modulated_layers = options.hidden_sizes_size() + 1;
  for (uint32_t layer = 0; layer < modulated_layers; ++layer) {
    const uint32_t size = options.signal_size() / modulated_layers;
    spec.signal_slices.push_back(options.signal_wiring() == v1::SHARED ? NetworkSpec::Slice{0, options.signal_size()}
                                                                       : NetworkSpec::Slice{layer * size, size});
  }
  spec.main_input_size = observation_size;
  in = spec.main_input_size;
  for (int layer = 0; layer < options.hidden_sizes_size(); ++layer) {
    add.Modulated(absl::StrCat("main", layer), in, options.hidden_sizes(layer), spec.signal_slices[layer].size);
    in = options.hidden_sizes(layer);
  }
  add.Modulated("head", in, spec.output_size, spec.signal_slices.back().size);
  add_statistics();
  return spec;
}

absl::StatusOr<NetworkSpec> MakeNetworkSpec(const v1::RunConfig& config, Role role) {
  const v1::TaskSpec& task = config.task();
  return MakeNetworkSpec(config.network(), role, task.observation_size(), task.action(), task.has_trials(),
                         config.normalize());
}

}  // namespace nmn::nn
