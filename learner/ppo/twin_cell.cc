#include "learner/ppo/twin_cell.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <vector>

namespace nmn::ppo {
namespace {

using Layer = std::pair<at::Tensor, at::Tensor>;

// b_hh and the candidate's part of b_ih are held at zero (docs/specification.md section 2.2).
Layer RunGru(std::span<const at::Tensor> tensors, int64_t units, const at::Tensor& input, const at::Tensor& start) {
  const at::Tensor& gate_bias = tensors[2];
  const at::Tensor bias_input = at::cat({gate_bias, at::zeros({units}, gate_bias.options())});
  const at::Tensor bias_recurrent = at::zeros({3 * units}, gate_bias.options());
  const auto [output, end] = at::gru(
      input, start.unsqueeze(0), {tensors[0].t().contiguous(), tensors[1].t().contiguous(), bias_input, bias_recurrent},
      /*has_biases=*/true, /*num_layers=*/1, /*dropout=*/0.0, /*train=*/c10::GradMode::is_enabled(),
      /*bidirectional=*/false, /*batch_first=*/false);
  return {output, end[0]};
}

// b_hh is held at the 1 of the forget gate.
Layer RunLstm(std::span<const at::Tensor> tensors, int64_t units, const at::Tensor& input, const at::Tensor& start) {
  const at::Tensor bias_recurrent = at::zeros({4 * units}, tensors[2].options());
  bias_recurrent.narrow(0, units, units).fill_(1);
  const std::vector<at::Tensor> before{start.narrow(1, 0, units).contiguous().unsqueeze(0),
                                       start.narrow(1, units, units).contiguous().unsqueeze(0)};
  const auto [output, h, c] =
      at::lstm(input, before, {tensors[0].t().contiguous(), tensors[1].t().contiguous(), tensors[2], bias_recurrent},
               /*has_biases=*/true, /*num_layers=*/1, /*dropout=*/0.0, /*train=*/c10::GradMode::is_enabled(),
               /*bidirectional=*/false, /*batch_first=*/false);
  return {output, at::cat({h[0], c[0]}, 1)};
}

Layer RunPlastic(bool modulated, std::span<const at::Tensor> tensors, int64_t units, const at::Tensor& input,
                 const at::Tensor& start) {
  const int64_t sequences = input.size(1);
  const at::Tensor &fixed = tensors[1], &plasticity = tensors[2];
  const at::Tensor driven = at::matmul(input, tensors[0]) + tensors[3];
  at::Tensor h = start.narrow(1, 0, units);
  at::Tensor trace = start.narrow(1, units, units * units).reshape({sequences, units, units});
  std::vector<at::Tensor> output;
  for (int64_t t = 0; t < input.size(0); ++t) {
    const at::Tensor remembered = at::bmm(h.unsqueeze(1), fixed + plasticity * trace).squeeze(1);
    const at::Tensor next = at::tanh(driven.select(0, t) + remembered);
    const at::Tensor product = h.unsqueeze(2) * next.unsqueeze(1);
    if (modulated) {
      const at::Tensor rate = at::tanh(at::matmul(next, tensors[4]) + tensors[5]);
      trace = (trace + rate.unsqueeze(2) * product).clamp(-1.0, 1.0);
    } else {
      trace = trace + tensors[4] * (product - trace);
    }
    h = next;
    output.push_back(next);
  }
  return {at::stack(output), at::cat({h, trace.reshape({sequences, units * units})}, 1)};
}

}  // namespace

Layer RunCell(v1::Cell cell, std::span<const at::Tensor> tensors, int64_t units, const at::Tensor& input,
              const at::Tensor& start) {
  switch (cell) {
    case v1::LSTM:
      return RunLstm(tensors, units, input, start);
    case v1::PLASTIC:
      return RunPlastic(false, tensors, units, input, start);
    case v1::MODULATED_PLASTIC:
      return RunPlastic(true, tensors, units, input, start);
    default:
      return RunGru(tensors, units, input, start);
  }
}

}  // namespace nmn::ppo
