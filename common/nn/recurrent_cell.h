#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "common/nn/spec_builder.h"
#include "common/tensor/view.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::nn {

// The tensors of a layer, in the order in which AddTensors named them.
using LayerTensors = std::span<const float* const>;

// What a recurrent layer is made of: the one place that says what it learns, what it remembers, and what a step of it
// is. A lane remembers StateSize numbers, of which the first `units` are what the next layer reads.
//
// Step is plain code: no fused multiply-add, sums in the order of the inputs, the same bits on every CPU. GRUs have a
// faster one beside it (forward_kernels.cc, learner/bptt). The learner's side of a cell is ppo::RunCell.
class RecurrentCell {
 public:
  virtual ~RecurrentCell() = default;

  virtual const char* name() const = 0;  // of its layers in files: "gru" gives gru0.w_input
  virtual size_t StateSize(size_t units) const = 0;
  virtual void AddTensors(const std::string& layer, uint32_t inputs, uint32_t units, SpecBuilder& add) const = 0;
  virtual size_t tensor_count() const = 0;

  // input [inputs, lane], before and after [StateSize, lane]. `after` is none of the others.
  virtual void Step(LayerTensors tensors, size_t units, ConstView2 input, ConstView2 before, View2 after) const = 0;
};

const RecurrentCell& CellOf(v1::Cell cell);

}  // namespace nmn::nn
