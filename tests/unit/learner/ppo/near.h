#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nmn::ppo {

// Largest absolute difference of two tensors of equal shape is at most `tolerance`.
inline testing::AssertionResult Near(const at::Tensor& a, const at::Tensor& b, double tolerance) {
  if (a.sizes() != b.sizes()) return testing::AssertionFailure() << "shapes " << a.sizes() << " and " << b.sizes();
  if (a.numel() == 0) return testing::AssertionSuccess();
  const double difference = (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
  if (difference <= tolerance) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "differ by " << difference << ", more than " << tolerance;
}

inline at::Tensor Vector(const std::vector<double>& values) {
  const at::Tensor tensor = at::empty({static_cast<int64_t>(values.size())}, at::kDouble);
  std::copy(values.begin(), values.end(), tensor.data_ptr<double>());
  return tensor;
}

}  // namespace nmn::ppo
