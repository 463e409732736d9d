// Averages and bootstrap intervals over runs, against closed forms and an independent computation in numpy.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
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

TEST(BootstrapInterval, IsWhatNumpyComputesFromTheSameDraws) {
  const std::string python = nmn::testing::PythonWithNumpy();
  if (python.empty()) GTEST_SKIP() << "NO PYTHON WITH NUMPY: apt-get install python3-numpy";
  for (const std::vector<double>& values :
       {std::vector<double>{3.5, -1, 12.25}, {1, 5, 2, 8, 40}, {0.1, 9, 7, 3, 4, 4, -20, 6, 5, 11, 2}}) {
    for (const Average average : {Average::kMean, Average::kIqm}) {
      std::vector<std::string> arguments = {python, "tests/unit/cli/bootstrap.py",
                                            average == Average::kIqm ? "iqm" : "mean"};
      for (double value : values) arguments.push_back(absl::StrFormat("%.17g", value));
      const nmn::testing::Outcome outcome = nmn::testing::RunProcess(arguments);
      ASSERT_EQ(outcome.code, 0) << outcome.err;
      char* rest = nullptr;
      const double numpy_average = std::strtod(outcome.out.c_str(), &rest), low = std::strtod(rest, &rest),
                   high = std::strtod(rest, &rest);
      const Interval interval = BootstrapInterval(average, values);
      EXPECT_NEAR(AverageOf(average, values), numpy_average, 1e-12);
      EXPECT_NEAR(interval.low, low, 1e-12);
      EXPECT_NEAR(interval.high, high, 1e-12);
      EXPECT_LT(low, high);
    }
  }
}

}  // namespace
}  // namespace nmn::report
