#pragma once

#include <ATen/core/Tensor.h>

namespace nmn::ppo {

// What a network reads of many sequences of equal length (nn::NetworkSpec says what the features are).
struct Sequences {
  at::Tensor recurrent_input;  // [time, recurrent_input_size, sequence]
  at::Tensor main_input;       // [time, main_input_size, sequence]; an RNN's has no feature
};

// What a network carries from one step to the next.
struct CarriedState {
  at::Tensor state;   // recurrent states, layers one after the other [state_size, sequence]
  at::Tensor signal;  // z of the step before [signal_size, sequence]; undefined without signal_lag
};

struct SequenceOutput {
  at::Tensor output;  // raw, [time, output_size, sequence]
  CarriedState end;   // after the last step; no gradient flows into it
};

// A network as a function of its flat parameters (network_spec.h order) and whole sequences. Type and device are those
// of `parameters`; inputs and start get no gradient. To learn:
//
//   pass = Forward(parameters, ..) -> loss_of(pass.output).backward() -> Backward(parameters, pass)
class SequenceModel {
 public:
  virtual ~SequenceModel() = default;
  virtual SequenceOutput Forward(const at::Tensor& parameters, const Sequences& input, const CarriedState& start) = 0;
  // What autograd did not do: adds d loss / d parameters to parameters.grad(), given pass.output.grad(). Nothing for a
  // model whose output autograd connects to `parameters`; elsewhere the output is a leaf. `pass` is of the last Forward.
  virtual void Backward(const at::Tensor& /*parameters*/, const SequenceOutput& /*pass*/) {}

  // The state before the first step of an episode: zeros, like `parameters` in type and device.
  virtual CarriedState ZeroState(const at::Tensor& parameters, int64_t sequences) const = 0;
};

}  // namespace nmn::ppo
