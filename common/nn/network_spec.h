#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/nn/action_space.h"
#include "common/nn/policy_head.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::nn {

class RecurrentCell;

enum class Role { kActor, kCritic };

// One parameter tensor and its place in the flat parameter vector. Matrices are [in, out], row-major.
struct TensorSpec {
  std::string name;            // without the network's prefix, e.g. "gru0.w_input"
  std::vector<int64_t> shape;  // one or two axes
  size_t offset = 0;           // floats from the beginning of the flat vector
  size_t size = 0;
  bool is_bias = false;                 // begins at zero; weights are truncated normals of sd 0.1
  std::optional<float> begins_at = {};  // each of its numbers, in place of the above
  // Else the optimiser leaves it alone: a statistic of what the network reads, or what an ablation takes away.
  bool is_learned = true;
};

// A network of docs/specification.md section 2, fully resolved. Actor, learner, export and tests read shapes from here
// and nowhere else.
//
// Flat parameter vector and export order (this table is the order):
//   gru{l}.w_input      [in, 3 n]   columns: reset | update | candidate
//   gru{l}.w_recurrent  [n, 3 n]    likewise
//   gru{l}.bias         [2 n]       reset | update; the candidate has none
//   or those of another cell (recurrent_cell.h)
// NMN then (with `modulation` the w_scale or w_offset of every layer are zeros that are not learned; with
// `frozen_modulator` neither what is above is learned, nor `signal`):
//   signal.weight [n, k], signal.bias [k]                              z = f(h): signal_activation(h W + b)
//   main{l}.weight [in, m], main{l}.bias [m], main{l}.w_scale [s, m], main{l}.w_offset [s, m]   s: size of the layer's
//   part of z head.weight [in, o], head.bias [o], head.w_scale [s, o], head.w_offset [s, o]
// RNN then:
//   dense{l}.weight [in, m], dense{l}.bias [m]
//   head.weight [in, o], head.bias [o]
// both then, with `normalize`:
//   normalize.observation_mean [d], normalize.observation_deviation [d], normalize.reward_scale [1]
// and the critic then:
//   normalize.return_scale [1]
// The actor's outputs are what its policy head takes (policy_head.h); the critic's is the value.
//
// GRU, input i, state h: r = sig(i Wr + h Ur + br); g = sig(i Wg + h Ug + bg); c = tanh(i Wc + r * (h Uc)); h' = (1 -
// g) c + g h.
struct NetworkSpec {
  v1::NetworkOptions options;
  Role role = Role::kActor;
  std::shared_ptr<const PolicyHead> head;  // of an actor; a critic has none
  const RecurrentCell* cell = nullptr;     // of the recurrent layers (recurrent_cell.h)
  uint32_t observation_size = 0;
  v1::ActionSpace action;

  uint32_t action_size = 0;       // numbers of a fed-back action as the network reads it: ActionCoding::read_width
  uint32_t trial_end_inputs = 0;  // numbers of a fed-back end of a trial e: kTrialEndInputs, or 0 without trials
  // NMN: (a_{t-1}, r_{t-1}, e_{t-1}, x_{t-1}); RNN: (x_t, a_{t-1}, r_{t-1}, e_{t-1}), with previous_observation x_{t-1}
  // after that. action_size + 1 + trial_end_inputs + observation_size, or observation_size more.
  uint32_t recurrent_input_size = 0;
  uint32_t main_input_size = 0;  // NMN: observation_size (x_t); RNN: 0
  uint32_t output_size = 0;      // actor: of its head; critic: 1
  uint32_t state_size = 0;       // of all recurrent layers: of GRUs, the sum of recurrent_sizes
  // Part of z that modulated layer l reads: [first, first + size); hidden layers, then the heads.
  struct Slice {
    uint32_t first = 0;
    uint32_t size = 0;
  };
  std::vector<Slice> signal_slices;

  // With them, a network reads clip((x - mean) / deviation, -kMostDeviations, kMostDeviations) in place of x, and r /
  // reward_scale in place of r; the critic's value is one of scaled rewards over return_scale.
  bool normalizes_observation = false;
  bool normalizes_reward = false;

  std::vector<TensorSpec> tensors;
  size_t parameter_count = 0;

  const TensorSpec& tensor(const std::string& name) const;  // must exist
  size_t LearnedCount() const;                              // parameters that are learned
};

inline constexpr float kInitialDeviation = 0.1f;
// A normalised number of an observation is at most this in magnitude.
inline constexpr float kMostDeviations = 10;
inline const char kObservationMean[] = "normalize.observation_mean";
inline const char kObservationDeviation[] = "normalize.observation_deviation";
inline const char kRewardScale[] = "normalize.reward_scale";
inline const char kReturnScale[] = "normalize.return_scale";
// A trial's end is read as two numbers: whether the step before terminated its trial, whether it truncated it.
inline constexpr uint32_t kTrialEndInputs = 2;

// INVALID_ARGUMENT names the field and its legal values (e.g. signal_size not divisible by the number of modulated
// layers).
absl::Status ValidateNetwork(const v1::NetworkOptions& options);

absl::StatusOr<NetworkSpec> MakeNetworkSpec(const v1::NetworkOptions& options, Role role, uint32_t observation_size,
                                            const v1::ActionSpace& action, bool has_trials = false,
                                            const v1::NormalizeOptions& normalize = {});
// The network of a run: for its task.
absl::StatusOr<NetworkSpec> MakeNetworkSpec(const v1::RunConfig& config, Role role);

// Initial parameters, flat: weights truncated normals keyed by (seed, role, tensor index, element), biases zero.
std::vector<float> InitialParameters(const NetworkSpec& spec, uint64_t seed);

}  // namespace nmn::nn
