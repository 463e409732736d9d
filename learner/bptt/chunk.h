#pragma once

#include <span>
#include <vector>

#include "learner/bptt/kernels.h"
#include "learner/bptt/memory.h"
#include "learner/bptt/plan.h"
#include "learner/bptt/sequence_network.h"

namespace nmn::bptt {

// A matrix in the chunk's memory. Each row holds the features of one sample, padded to whole vectors.
struct Rows {
  float* data = nullptr;
  size_t stride = 0;

  float* at(size_t row) const { return data + row * stride; }
};

// The forward and backward pass of a few neighbouring sequences, from their first step to their last.
//
// An array has one row for each step and sequence: row t * sequences + b belongs to step t of sequence b. Arrays of
// states have one more step in front, which holds the state before step 0.
//
// The chunk works on blocks of steps, small enough that a block's rows stay in the cache. Within a block, the forward
// pass takes one GRU after the other: first the product with its input for all steps at once, then the recurrence step
// by step. The other layers follow, each for all steps at once. The backward pass begins with the last block and takes
// the layers in reverse order.
class Chunk {
 public:
  explicit Chunk(const Plan& plan) : plan_(plan) {}

  // Runs sequences [first, first + sequences) of the input. With `keep`, the activations of all steps stay in memory
  // for Backward. Without, each block overwrites those of the block before.
  void Forward(const Kernels& kernels, const float* direct, const SequenceInput& input, size_t first, size_t sequences,
               bool keep, View3 output, const SegmentStarts& starts);

  // Goes back through the last Forward, which must have kept its activations. Overwrites `gradient`, which has the
  // layout of Plan's direct buffer.
  void Backward(const Kernels& kernels, const float* turned, ConstView3 output_gradient, std::span<float> gradient);

  void CopyEnd(View2 state, View2 signal) const;

 private:
  size_t BlockSteps() const;
  void Reserve(size_t history_steps, bool backward);
  // In these functions `time` is the block's first step in the sequence, and `step` is its first step in the arrays.
  // With `keep` the two are the same. Without it `step` is 0.
  void ReadInput(const SequenceInput& input, size_t time, size_t step, size_t steps);
  void ReadStart(const SequenceInput& input);
  void CarryOver(size_t steps);
  void WriteStarts(const SegmentStarts& starts, size_t time, size_t step, size_t steps) const;

  void ForwardBlock(size_t step, size_t steps);
  void ForwardGruBlock(size_t layer, size_t step, size_t steps);
  void ForwardModulatedBlock(size_t layer, size_t step, size_t steps);

  void BackwardBlock(size_t step, size_t steps);
  void BackwardModulatedBlock(size_t layer, size_t step, size_t steps);
  void BackwardAffineBlock(size_t layer, size_t step, size_t steps);
  void BackwardGruBlock(size_t layer, size_t step, size_t steps);

  // slot += a^T b over `rows` rows.
  void AddWeightGradient(size_t rows, const float* a, size_t a_stride, const float* b, size_t b_stride,
                         const Slot& slot);

  struct GruRows {
    Rows state;  // one more step in front
    Rows gates;
    Rows state_gradient;  // for a block: what the layers above send back
    Rows carry;           // for one step: what the next step sends back
  };
  struct AffineRows {
    Rows out;       // one more step in front
    Rows gradient;  // for a block, with one more step in front
  };
  struct ModulatedRows {
    Rows value;
    Rows modulation;
    Rows out;
    Rows gradient;  // for a block
  };

  const Plan& plan_;
  size_t first_ = 0;
  size_t sequences_ = 0;
  size_t steps_ = 0;     // how many steps the last Forward ran
  size_t end_step_ = 0;  // the step in the state arrays that holds the state after the last step

  // The arguments of the current call.
  const Kernels* kernels_ = nullptr;
  const float* direct_ = nullptr;
  const float* turned_ = nullptr;
  float* gradient_ = nullptr;

  Memory memory_;
  size_t capacity_ = 0;
  Rows recurrent_input_;
  Rows main_input_;
  std::vector<GruRows> grus_;
  std::vector<AffineRows> affines_;
  std::vector<ModulatedRows> modulated_;
  Rows pre_;                 // for a block: a GRU's sums before its activations, or their gradients
  Rows value_scratch_;       // for a block: the gradients of a modulated layer's value
  Rows modulation_scratch_;  // for a block: the gradients of its gain and offset
  Rows signal_carry_;        // for one step: the gradient of the last z before the block, from the block after it
};

}  // namespace nmn::bptt
