#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "common/nn/network_spec.h"
#include "hwy/aligned_allocator.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::nn {

// What the kernels of the forward pass need to know: a network as a list of layers over packed weights.
//
// Lanes are cut into blocks of kBlockLanes. A block owns one slab [row, kBlockLanes] of float32. The slab holds
// everything of its lanes: inputs, states, z, hidden layers, outputs. A layer names the rows that it reads and writes.
// So a whole step of a block stays in the first-level cache. A row is always kBlockLanes apart from the next. Only the
// lanes in use are computed, rounded up to kLaneMultiple.
inline constexpr size_t kBlockLanes = 64;
inline constexpr size_t kLaneMultiple = 16;  // the widest vector, so that every width divides it

// Outputs are computed in tiles whose accumulators stay in registers; weights are packed in the order in which a tile
// reads them.
inline constexpr size_t kUnitTile = 2;  // GRU units, three gates each
inline constexpr size_t kRowTile = 5;   // neurons of other layers

// The size of the next tile when `left` outputs are left: `largest`, then 2 and 1, so that few sizes are compiled.
inline constexpr size_t NextTile(size_t left, size_t largest) {
  return left >= largest ? largest : left >= 2 ? 2 : left;
}

// Rows of a slab that swap roles from step to step, so that a step can read what the step before wrote: at parity p,
// row[p].
struct SwappedRows {
  size_t row[2] = {0, 0};
};

// A GRU. Packed for each tile of U units: bias [2][U] (reset, update), recurrent [units][3][U] (reset, update,
// candidate), input [inputs][2][U], input of the candidate [inputs][U].
struct GruLayer {
  size_t inputs = 0, units = 0;
  SwappedRows input;   // the network's input, or the state just written by the GRU below
  SwappedRows state;   // written
  size_t weights = 0;  // floats from the beginning of the packed vector
};

// activation(y W + b). Packed for each tile of R neurons: bias [R], weight [inputs][R].
struct DenseLayer {
  size_t inputs = 0, outputs = 0;
  SwappedRows input, output;
  v1::Activation activation = v1::IDENTITY;
  size_t weights = 0;
};

// A modulated layer (docs/specification.md section 2.3). Packed for each tile of R neurons: bias [R], weight
// [inputs][R], scale [signal_size][R], offset [signal_size][R].
struct ModulatedLayer {
  size_t inputs = 0, outputs = 0, signal_size = 0;
  SwappedRows input, output;
  SwappedRows signal;  // first row of the layer's slice of z; if the layer lags, of the step before
  v1::Formula formula = v1::FORMULA_REFERENCE;
  v1::Activation activation = v1::IDENTITY;
  size_t weights = 0;
};

struct ForwardPlan {
  std::vector<GruLayer> recurrent;
  std::vector<DenseLayer> dense;          // RNN: hidden layers and heads; NMN: the signal layer
  std::vector<ModulatedLayer> modulated;  // NMN: hidden layers and heads

  size_t recurrent_input = 0;  // first row of each part of a slab
  size_t main_input = 0;
  SwappedRows state;   // [state_size]
  SwappedRows signal;  // [signal_size]
  size_t output = 0;
  size_t rows = 0;  // of a slab

  hwy::AlignedFreeUniquePtr<float[]> weights;
};

// Lays out slab and layers; the packed weights are zero.
ForwardPlan MakeForwardPlan(const NetworkSpec& spec);

// Packs the flat parameter vector of network_spec.h.
void PackWeights(const NetworkSpec& spec, std::span<const float> parameters, ForwardPlan& plan);

// Computes one step of one block, on the best SIMD target of this CPU. `lanes` is a multiple of kLaneMultiple, at most
// kBlockLanes. States at `parity` (0 or 1) are written, those at the other parity are read.
void StepBlock(const ForwardPlan& plan, float* slab, size_t lanes, int parity);

}  // namespace nmn::nn
