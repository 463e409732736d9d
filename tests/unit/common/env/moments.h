#pragma once

#include <cmath>
#include <vector>

namespace nmn::env {

struct Moments {
  double mean = 0;
  double error = 0;  // standard error of the mean
};
inline Moments MomentsOf(const std::vector<double>& values) {
  Moments moments;
  const double n = static_cast<double>(values.size());
  for (const double value : values) moments.mean += value / n;
  for (const double value : values) moments.error += (value - moments.mean) * (value - moments.mean) / (n - 1) / n;
  moments.error = std::sqrt(moments.error);
  return moments;
}

}  // namespace nmn::env
