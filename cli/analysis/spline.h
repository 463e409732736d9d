#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace nmn::analysis {

// Ordinary least squares of numbers on a cubic spline of one variable x: how much of them a smooth function of x
// explains. One spline serves many y of the same x.
class RegressionSpline {
 public:
  // A natural cubic spline (linear beyond the outermost knots), with knots at the least and the greatest x and at four
  // quantiles between them, linear between ranks: six coefficients. In R, lm(y ~ splines::ns(x, df = 5)). Where x has
  // few values the knots are fewer; where it has two the fit is the mean of each.
  static RegressionSpline Natural(std::span<const double> x);
  // For an angle: a cubic spline that goes on across `period` with two continuous derivatives, with six knots evenly
  // around it: six coefficients.
  static RegressionSpline Periodic(std::span<const double> x, double period);

  // y has as many values as x, in its order.
  std::vector<double> Fitted(std::span<const double> y) const;
  // 1 - residual / total sum of squares. Nothing if y is the same everywhere: there is nothing to explain.
  std::optional<double> RSquared(std::span<const double> y) const;

  size_t coefficients() const { return basis_.size(); }

 private:
  explicit RegressionSpline(std::vector<std::vector<double>> columns);

  std::vector<std::vector<double>> basis_;  // orthonormal over the x; spans the constant
};

}  // namespace nmn::analysis
