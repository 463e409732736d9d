#include "cli/analysis/spline.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <utility>

#include "cli/report/statistics.h"

namespace nmn::analysis {
namespace {

constexpr size_t kKnots = 6;
// What is left of a column beside the others, as a share of it, when it says nothing new.
constexpr double kNothing = 1e-9;

double Dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

double Cube(double u) { return u > 0 ? u * u * u : 0; }

// Least, greatest and quantiles of `ascending`, each once.
std::vector<double> QuantileKnots(const std::vector<double>& ascending) {
  std::vector<double> knots;
  for (size_t i = 0; i < kKnots; ++i) {
    const double share = static_cast<double>(i) / (kKnots - 1);
    const double knot = report::Quantile(ascending, share);
    if (knots.empty() || knot > knots.back()) knots.push_back(knot);
  }
  return knots;
}

// The cubic B-spline of knots 0, 1, 2, 3, 4.
double CubicBSpline(double u) {
  return (Cube(u) - 4 * Cube(u - 1) + 6 * Cube(u - 2) - 4 * Cube(u - 3) + Cube(u - 4)) / 6;
}

}  // namespace

RegressionSpline::RegressionSpline(std::vector<std::vector<double>> columns) {
  for (std::vector<double>& column : columns) {
    const double whole = std::sqrt(Dot(column, column));
    // Gram-Schmidt; a second round takes what the first one's rounding leaves.
    for (int round = 0; round < 2; ++round) {
      for (const std::vector<double>& other : basis_) {
        const double share = Dot(column, other);
        for (size_t i = 0; i < column.size(); ++i) column[i] -= share * other[i];
      }
    }
    const double rest = std::sqrt(Dot(column, column));
    if (rest <= kNothing * whole) continue;
    for (double& value : column) value /= rest;
    basis_.push_back(std::move(column));
  }
}

// Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd edition, eq. 5.4 and 5.5, with x scaled to
// [0, 1].
RegressionSpline RegressionSpline::Natural(std::span<const double> x) {
  std::vector<double> ascending(x.begin(), x.end());
  std::sort(ascending.begin(), ascending.end());
  std::vector<double> knots = QuantileKnots(ascending);
  const double low = knots.front(), width = knots.back() - low;
  std::vector<std::vector<double>> columns(1, std::vector<double>(x.size(), 1.0));
  if (width == 0) return RegressionSpline(std::move(columns));
  std::vector<double> scaled(x.size());
  for (size_t i = 0; i < x.size(); ++i) scaled[i] = (x[i] - low) / width;
  for (double& knot : knots) knot = (knot - low) / width;
  columns.push_back(scaled);
  const auto part = [&](size_t k, double u) { return (Cube(u - knots[k]) - Cube(u - 1)) / (1 - knots[k]); };
  for (size_t k = 0; k + 2 < knots.size(); ++k) {
    std::vector<double>& column = columns.emplace_back(x.size());
    for (size_t i = 0; i < x.size(); ++i) column[i] = part(k, scaled[i]) - part(knots.size() - 2, scaled[i]);
  }
  return RegressionSpline(std::move(columns));
}

RegressionSpline RegressionSpline::Periodic(std::span<const double> x, double period) {
  std::vector<std::vector<double>> columns(1, std::vector<double>(x.size(), 1.0));
  for (size_t k = 0; k < kKnots; ++k) {
    std::vector<double>& column = columns.emplace_back(x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      const double turns = x[i] / period - static_cast<double>(k) / kKnots;
      column[i] = CubicBSpline(kKnots * (turns - std::floor(turns)));
    }
  }
  return RegressionSpline(std::move(columns));  // the B-splines sum to 1, so one of the seven columns says nothing new
}

std::vector<double> RegressionSpline::Fitted(std::span<const double> y) const {
  std::vector<double> fitted(y.size());
  for (const std::vector<double>& column : basis_) {
    assert(column.size() == y.size());
    const double share = Dot(column, y);
    for (size_t i = 0; i < y.size(); ++i) fitted[i] += share * column[i];
  }
  return fitted;
}

std::optional<double> RegressionSpline::RSquared(std::span<const double> y) const {
  const auto [least, greatest] = std::minmax_element(y.begin(), y.end());
  if (y.empty() || *least == *greatest) return std::nullopt;
  const double mean = report::Mean(y);
  std::vector<double> centred(y.size());
  for (size_t i = 0; i < y.size(); ++i) centred[i] = y[i] - mean;
  const std::vector<double> fitted = Fitted(centred);
  double residual = 0;
  for (size_t i = 0; i < y.size(); ++i) residual += (centred[i] - fitted[i]) * (centred[i] - fitted[i]);
  return 1 - residual / Dot(centred, centred);
}

}  // namespace nmn::analysis
