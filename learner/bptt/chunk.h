#pragma once

#include <span>
#include <vector>

#include "learner/bptt/kernels.h"
#include "learner/bptt/memory.h"
#include "learner/bptt/plan.h"
#include "learner/bptt/sequence_network.h"

namespace nmn::bptt {

// Rows of padded features inside a chunk's memory.
struct Rows {
  float* data = nullptr;
  size_t stride = 0;

  float* at(size_t row) const { return data + row * stride; }
};

// A few neighbouring sequences, from their first step to their last. Row (t, b) of an array is sample b of step t;
// arrays of states have one more step in front, what was before step 0. Work goes in blocks of steps that stay in
// cache: each GRU's input product over the block, its recurrence step by step, then all other layers over the block;
// backward likewise from the last block to the first.
class Chunk {
 public:
  explicit Chunk(const Plan& plan) : plan_(plan) {}

  // Sequences [first, first + sequences) of the input. With `keep`, every step's activations stay for Backward;
  // without, only a block's.
  void Forward(const Kernels& kernels, const float* direct, const SequenceInput& input, size_t first, size_t sequences,
               bool keep, View3 output, const SegmentStarts& starts);

  // Of the last Forward that kept. Overwrites gradient (laid out as Plan's direct buffer).
  void Backward(const Kernels& kernels, const float* turned, ConstView3 output_gradient, std::span<float> gradient);

  void CopyEnd(View2 state, View2 signal) const;

 private:
  size_t BlockSteps() const;
  void Reserve(size_t history_steps, bool backward);
  // `step`: where the block begins in the kept history.
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
    Rows state;  // one step in front
    Rows gates;
    Rows state_gradient;  // of a block, from above
    Rows carry;           // one step
  };
  struct AffineRows {
    Rows out;       // one step in front
    Rows gradient;  // of a block, one step in front
  };
  struct ModulatedRows {
    Rows value;
    Rows modulation;
    Rows out;
    Rows gradient;  // of a block
  };

  const Plan& plan_;
  size_t first_ = 0;
  size_t sequences_ = 0;
  size_t steps_ = 0;     // of the last Forward
  size_t end_step_ = 0;  // where the state after the last step lies

  // Of the call in progress.
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
  Rows pre_;            // of a block: GRU pre-activations, or their gradients
  Rows value_scratch_;  // of a block: gradients of a modulated layer's value
  Rows modulation_scratch_;
  Rows signal_carry_;  // one step: d z_{t-1} from a later block
};

}  // namespace nmn::bptt
