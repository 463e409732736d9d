#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "common/nn/network_spec.h"

namespace nmn::bptt {

// A matrix [rows, columns] inside a buffer of floats, its rows `stride` apart.
struct Slot {
  size_t offset = 0;
  size_t rows = 0;
  size_t columns = 0;
  size_t stride = 0;
};

// Where a network's parameters lie for the kernels. `direct` slots are in Plan's direct buffer, which parameters and
// gradients share; `turned` slots hold transposed copies for the backward pass. Padding is zero.
struct GruPlan {
  size_t inputs = 0;
  size_t units = 0;
  Slot input;             // direct [inputs, 3 n]  candidate | reset | update, then zeros as far as `spread`
  Slot bias;              // direct [1, 3 n]  likewise; 0 for the candidate
  Slot recurrent;         // direct [n, 3 n]  reset | update | candidate
  Slot recurrent_turned;  // turned [3 n, n]
  Slot input_turned;      // turned [3 n, inputs]; layers above the first
  // Columns of the input product: those, and on to the end of the recurrent product's last vector over reset | update.
  size_t spread = 0;
};

// out = f(y W + b)
struct AffinePlan {
  size_t inputs = 0;
  size_t units = 0;
  v1::Activation activation = v1::IDENTITY;
  Slot weight;         // direct [inputs, units]
  Slot bias;           // direct [1, units]
  Slot weight_turned;  // turned [units, inputs]
};

// out = f(gain * value + offset), gain | offset = z_slice (w_s | w_b) + modulation_bias, value = y W + bias.
// Formula `paper` has b in `bias` and nothing in `modulation_bias`; `reference` has 1 | b there, and nothing in `bias`.
struct ModulatedPlan {
  size_t inputs = 0;
  size_t units = 0;
  v1::Activation activation = v1::IDENTITY;
  nn::NetworkSpec::Slice slice;
  bool lagged = false;     // reads z of the step before
  Slot weight;             // direct [inputs, units]
  Slot bias;               // direct [1, units]
  Slot modulation;         // direct [slice, 2 units]  w_s | w_b
  Slot modulation_bias;    // direct [1, 2 units]
  Slot weight_turned;      // turned [units, inputs]; layers above the first
  Slot modulation_turned;  // turned [2 units, slice]
};

// A network of network_spec.h as a list of layers. NMN: GRUs, one affine layer (z), modulated layers on the main input,
// the last the heads. RNN: GRUs, affine layers, the last the heads.
class Plan {
 public:
  explicit Plan(const nn::NetworkSpec& spec);

  const nn::NetworkSpec& spec() const { return spec_; }
  const std::vector<GruPlan>& grus() const { return grus_; }
  const std::vector<AffinePlan>& affines() const { return affines_; }
  const std::vector<ModulatedPlan>& modulated() const { return modulated_; }
  bool lagged() const { return lagged_; }
  size_t signal_size() const { return modulated_.empty() ? 0 : affines_.back().units; }

  size_t direct_size() const { return direct_size_; }
  size_t turned_size() const { return turned_size_; }

  // Fills both buffers from the flat vector of network_spec.h.
  void Pack(std::span<const float> flat, std::span<float> direct, std::span<float> turned) const;
  // The flat gradient from a buffer laid out as `direct`.
  void Unpack(std::span<const float> direct, std::span<float> flat) const;

 private:
  // Part of a flat tensor and its place in a buffer.
  struct Block {
    size_t flat = 0;
    size_t flat_stride = 0;
    size_t rows = 0;
    size_t columns = 0;
    size_t packed = 0;
    size_t packed_stride = 0;
  };

  // Zeros follow at least as far as column `reach`.
  Slot AddDirect(size_t rows, size_t columns, size_t reach = 0);
  Slot AddTurned(size_t rows, size_t columns);
  // Columns [first, first + count) of `tensor` at column `at` of a direct slot, and transposed at row `at` of a turned
  // one.
  void MapDirect(const nn::TensorSpec& tensor, size_t first, size_t count, const Slot& slot, size_t at = 0);
  void MapTurned(const nn::TensorSpec& tensor, size_t first, size_t count, const Slot& slot, size_t at = 0);

  void AddGrus();
  void AddAffine(const std::string& name, size_t inputs, size_t units, v1::Activation activation);
  void AddModulated(const std::string& name, size_t inputs, size_t units, v1::Activation activation,
                    const nn::NetworkSpec::Slice& slice, bool lagged);

  nn::NetworkSpec spec_;
  std::vector<GruPlan> grus_;
  std::vector<AffinePlan> affines_;
  std::vector<ModulatedPlan> modulated_;
  bool lagged_ = false;
  size_t direct_size_ = 0;
  size_t turned_size_ = 0;
  std::vector<Block> direct_blocks_;
  std::vector<Block> turned_blocks_;
  std::vector<Block> ones_;  // constant 1 in the direct buffer
};

}  // namespace nmn::bptt
