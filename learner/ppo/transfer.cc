#include "learner/ppo/transfer.h"

#include <ATen/ATen.h>
#include <ATen/record_function.h>

namespace nmn::ppo {

at::Tensor ToHost(const at::Tensor& tensor) {
  RECORD_USER_SCOPE(kToHost);
  return tensor.detach().cpu().contiguous();
}

at::Tensor ToDevice(const at::Tensor& tensor, at::Device device) {
  RECORD_USER_SCOPE(kToDevice);
  return tensor.to(device);
}

std::vector<double> ReadScalars(const std::vector<at::Tensor>& scalars) {
  std::vector<at::Tensor> doubles;
  for (const at::Tensor& scalar : scalars) doubles.push_back(scalar.detach().to(at::kDouble).reshape({}));
  const at::Tensor all = ToHost(at::stack(doubles));
  return {all.data_ptr<double>(), all.data_ptr<double>() + all.numel()};
}

}  // namespace nmn::ppo
