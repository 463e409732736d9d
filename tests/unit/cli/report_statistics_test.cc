// Averages and bootstrap intervals over runs, against closed forms and an independent computation in numpy.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "cli/report/comparison.h"
#include "cli/report/statistics.h"
#include "tests/support/python.h"
#include "tests/support/subprocess.h"

namespace nmn::report {
namespace {

TEST(InterquartileMean, LeavesOutAQuarterAtEachEnd) {
  EXPECT_EQ(InterquartileMean(std::vector<double>{100, 2, 3, -50}), 2.5);
  EXPECT_EQ(InterquartileMean(std::vector<double>{9, 1, 2, 3, 4, 5, 6, -9}), 3.5);
  EXPECT_EQ(InterquartileMean(std::vector<double>{9, 1, 2, 3, 4, 5, 6}), 4);  // floor(7 / 4) is 1
  EXPECT_EQ(InterquartileMean(std::vector<double>{1, 2, 6}), 3);
  EXPECT_EQ(InterquartileMean(std::vector<double>{7}), 7);
}

TEST(BootstrapInterval, OfEqualValuesIsThatValue) {
  for (const Average average : {Average::kMean, Average::kIqm}) {
    const Interval interval = BootstrapInterval(average, {3, 3, 3, 3, 3});
    EXPECT_EQ(interval.low, 3);
    EXPECT_EQ(interval.high, 3);
    EXPECT_EQ(BootstrapInterval(average, {7}).low, 7);
  }
}

// Of two runs, a resample is low, high or one of each with 1/4, 1/4 and 1/2.
TEST(BootstrapInterval, OfTwoValuesReachesFromOneToTheOther) {
  const Interval interval = BootstrapInterval(Average::kMean, {10, 20});
  EXPECT_EQ(interval.low, 10);
  EXPECT_EQ(interval.high, 20);
}

TEST(BootstrapInterval, DoesNotDependOnTheOrderOfTheRuns) {
  const Interval one = BootstrapInterval(Average::kIqm, {5, 1, 4, 2, 3}),
                 other = BootstrapInterval(Average::kIqm, {3, 2, 1, 5, 4});
  EXPECT_EQ(one.low, other.low);
  EXPECT_EQ(one.high, other.high);
  EXPECT_LT(one.low, one.high);
}

// As the mean of many is normal: mean +- 1.96 standard errors.
TEST(BootstrapInterval, OfManyValuesIsTheNormalOne) {
  std::vector<double> values;
  for (int i = 0; i < 400; ++i) values.push_back(i);
  const double error = Deviation(values) / 20;
  const Interval interval = BootstrapInterval(Average::kMean, values);
  EXPECT_NEAR(interval.low, Mean(values) - 1.96 * error, 0.15 * error);
  EXPECT_NEAR(interval.high, Mean(values) + 1.96 * error, 0.15 * error);
}

// Of equal values nothing is left to chance; of others, the difference of a curve and itself is around zero.
TEST(DifferenceInterval, IsTheOneBetweenTheAverages) {
  const Interval certain = DifferenceInterval(Average::kMean, {5, 5, 5}, {3, 3});
  EXPECT_EQ(certain.low, 2);
  EXPECT_EQ(certain.high, 2);
  const Interval none = DifferenceInterval(Average::kMean, {1, 2, 3, 4, 5}, {1, 2, 3, 4, 5});
  EXPECT_LT(none.low, -1);
  EXPECT_GT(none.high, 1);
}

// The variance of a difference is the sum of the two: so the sides are drawn apart from each other.
TEST(DifferenceInterval, OfManyValuesIsTheNormalOne) {
  std::vector<double> values, others;
  for (int i = 0; i < 400; ++i) {
    values.push_back(i);
    others.push_back(2 * i);
  }
  const double error = std::hypot(Deviation(values), Deviation(others)) / 20, middle = Mean(values) - Mean(others);
  const Interval interval = DifferenceInterval(Average::kMean, values, others);
  EXPECT_NEAR(interval.low, middle - 1.96 * error, 0.15 * error);
  EXPECT_NEAR(interval.high, middle + 1.96 * error, 0.15 * error);
}

// Runs tests/unit/cli/bootstrap.py: average, low, high.
std::vector<double> Numpy(const std::string& python, Average average, const std::vector<double>& values,
                          const std::vector<double>& others) {
  std::vector<std::string> arguments = {python, "tests/unit/cli/bootstrap.py",
                                        average == Average::kIqm ? "iqm" : "mean"};
  for (double value : values) arguments.push_back(absl::StrFormat("%.17g", value));
  if (!others.empty()) arguments.push_back("less");
  for (double value : others) arguments.push_back(absl::StrFormat("%.17g", value));
  const nmn::testing::Outcome outcome = nmn::testing::RunProcess(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  char* rest = outcome.out.empty() ? nullptr : const_cast<char*>(outcome.out.c_str());
  std::vector<double> numbers;
  for (int i = 0; i < 3 && rest != nullptr; ++i) numbers.push_back(std::strtod(rest, &rest));
  numbers.resize(3);
  return numbers;
}

TEST(Bootstrap, IsWhatNumpyComputesFromTheSameDraws) {
  const std::string python = nmn::testing::PythonWithNumpy();
  if (python.empty()) GTEST_SKIP() << "NO PYTHON WITH NUMPY: apt-get install python3-numpy";
  const std::vector<double> others = {4, 0.5, 7, -3, 2.25, 6};
  for (const std::vector<double>& values :
       {std::vector<double>{3.5, -1, 12.25}, {1, 5, 2, 8, 40}, {0.1, 9, 7, 3, 4, 4, -20, 6, 5, 11, 2}}) {
    for (const Average average : {Average::kMean, Average::kIqm}) {
      const std::vector<double> alone = Numpy(python, average, values, {});
      const Interval interval = BootstrapInterval(average, values);
      EXPECT_NEAR(AverageOf(average, values), alone[0], 1e-12);
      EXPECT_NEAR(interval.low, alone[1], 1e-12);
      EXPECT_NEAR(interval.high, alone[2], 1e-12);
      EXPECT_LT(alone[1], alone[2]);
      const std::vector<double> less = Numpy(python, average, values, others);
      const Interval difference = DifferenceInterval(average, values, others);
      EXPECT_NEAR(AverageOf(average, values) - AverageOf(average, others), less[0], 1e-12);
      EXPECT_NEAR(difference.low, less[1], 1e-12);
      EXPECT_NEAR(difference.high, less[2], 1e-12);
    }
  }
}

}  // namespace
}  // namespace nmn::report
