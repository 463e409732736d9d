// The bandit's rules: against closed forms for few pulls, against an independent simulation for many, and the tables of
// gittins and optimal against plain recursion.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <tuple>
#include <vector>

#include "cli/scripted/bandit_tables.h"
#include "tests/unit/cli/scripted/evaluate.h"
#include "tests/unit/common/env/bandit_options.h"

namespace nmn::scripted {
namespace {

constexpr double kErrors = 4;

Estimate Measured(std::string_view rule, uint32_t arms, uint32_t horizon, size_t episodes) {
  return EstimateOf(Play(rule, "bandit", env::BanditOptions(arms, horizon), episodes).raw);
}

// Two pulls of two arms, by hand. The first is worth 1/2. A reward makes its arm worth 2/3, none 1/3; the other is 1/2.
//   greedy, gittins, optimal   stay after a reward, else change: 1/2 + (2/3 + 1/2) / 2 = 13/12
//   thompson                   stays with chance 2/3 after a reward, 1/3 after none:
//                              1/2 + ((2/3)(2/3) + (1/3)(1/2) + (1/3)(1/3) + (2/3)(1/2)) / 2 = 37/36
//   ucb1                       tries both: 1
//   oracle                     2 E max = 4/3
TEST(BanditRules, TwoPullsOfTwoArmsAsByHand) {
  for (const auto& [rule, value] : std::vector<std::pair<std::string, double>>{{"random", 1.0},
                                                                               {"greedy", 13 / 12.0},
                                                                               {"gittins", 13 / 12.0},
                                                                               {"optimal", 13 / 12.0},
                                                                               {"thompson", 37 / 36.0},
                                                                               {"ucb1", 1.0},
                                                                               {"oracle", 4 / 3.0}}) {
    const Estimate estimate = Measured(rule, 2, 2, 40000);
    EXPECT_NEAR(estimate.mean, value, kErrors * estimate.error) << rule;
  }
}

TEST(BanditRules, RandomAndOracleOfManyArmsHaveTheirClosedForms) {
  const Estimate random = Measured("random", 10, 100, 2000), oracle = Measured("oracle", 10, 100, 2000);
  EXPECT_NEAR(random.mean, 50, kErrors * random.error);
  EXPECT_NEAR(oracle.mean, 1000 / 11.0, kErrors * oracle.error);
}

// An arm as another program keeps it.
struct Seen {
  int good = 0, bad = 0;
};
using Choose = std::function<double(const Seen&, int t, std::mt19937_64&)>;

// Returns of episodes by the standard library alone.
Estimate Simulated(const Choose& value, int arms, int horizon, size_t episodes) {
  std::mt19937_64 generator(11);
  std::uniform_real_distribution<double> uniform(0, 1);
  std::vector<double> returns(episodes);
  for (double& sum : returns) {
    std::vector<double> p(static_cast<size_t>(arms));
    for (double& chance : p) chance = uniform(generator);
    std::vector<Seen> seen(p.size());
    for (int t = 0; t < horizon; ++t) {
      std::vector<double> values;
      for (const Seen& arm : seen) values.push_back(value(arm, t, generator));
      std::vector<size_t> best;
      for (size_t i = 0; i < p.size(); ++i) {
        if (values[i] == *std::max_element(values.begin(), values.end())) best.push_back(i);
      }
      const size_t pulled = best[std::uniform_int_distribution<size_t>(0, best.size() - 1)(generator)];
      const bool reward = uniform(generator) < p[pulled];
      (reward ? seen[pulled].good : seen[pulled].bad) += 1;
      sum += reward ? 1 : 0;
    }
  }
  return EstimateOf(returns);
}

TEST(BanditRules, AgreeWithAnIndependentSimulation) {
  const std::map<std::string, Choose> rules = {
      {"greedy", [](const Seen& arm, int, auto&) { return (arm.good + 1.0) / (arm.good + arm.bad + 2.0); }},
      {"thompson",
       [](const Seen& arm, int, std::mt19937_64& generator) {
         const double x = std::gamma_distribution<double>(arm.good + 1.0)(generator);
         return x / (x + std::gamma_distribution<double>(arm.bad + 1.0)(generator));
       }},
      {"ucb1",
       [](const Seen& arm, int t, auto&) {
         const double pulls = arm.good + arm.bad;
         return pulls == 0 ? INFINITY : arm.good / pulls + 0.2 * std::sqrt(2 * std::log(t) / pulls);
       }},
  };
  for (const auto& [rule, choose] : rules) {
    for (const auto& [arms, horizon] : {std::pair{10, 100}, {5, 10}}) {
      const Estimate ours = Measured(rule, static_cast<uint32_t>(arms), static_cast<uint32_t>(horizon), 4000);
      const Estimate theirs = Simulated(choose, arms, horizon, 4000);
      EXPECT_NEAR(ours.mean, theirs.mean, kErrors * std::hypot(ours.error, theirs.error)) << rule << " of " << arms;
    }
  }
}

// Expected return from what is known, without a table.
double Best(int s1, int c1, int s2, int c2, int left) {
  if (left == 0) return 0;
  const double p1 = (s1 + 1.0) / (c1 + 2), p2 = (s2 + 1.0) / (c2 + 2);
  const double first =
      p1 * (1 + Best(s1 + 1, c1 + 1, s2, c2, left - 1)) + (1 - p1) * Best(s1, c1 + 1, s2, c2, left - 1);
  const double second =
      p2 * (1 + Best(s1, c1, s2 + 1, c2 + 1, left - 1)) + (1 - p2) * Best(s1, c1, s2, c2 + 1, left - 1);
  return std::max(first, second);
}

TEST(TwoArmOptimum, IsThatOfPlainRecursion) {
  EXPECT_DOUBLE_EQ(TwoArmOptimum(1).value(), 0.5);
  EXPECT_DOUBLE_EQ(TwoArmOptimum(2).value(), 13 / 12.0);
  for (const uint32_t pulls : {5u, 9u})
    EXPECT_NEAR(TwoArmOptimum(pulls).value(), Best(0, 0, 0, 0, static_cast<int>(pulls)), 1e-12) << pulls;
  EXPECT_NEAR(TwoArmOptimum(100).value(), 64.92, 0.005) << "docs/environments.md says so";
}

TEST(TwoArmOptimum, ItsPullsGetItsValue) {
  const Estimate estimate = Measured("optimal", 2, 100, 4000);
  EXPECT_NEAR(estimate.mean, TwoArmOptimum(100).value(), kErrors * estimate.error);
}

// One arm beside a sure wage: what the index is the indifference of.
double Gain(int s, int c, int left, double wage) {
  if (left == 0) return 0;
  const double p = (s + 1.0) / (c + 2);
  return std::max(0.0, p - wage + p * Gain(s + 1, c + 1, left - 1, wage) + (1 - p) * Gain(s, c + 1, left - 1, wage));
}

TEST(GittinsIndices, AreWhereTheArmIsWorthItsWage) {
  const GittinsIndices indices(10);
  for (const auto& [s, c, left] : {std::tuple{0, 0, 10}, {0, 0, 1}, {1, 2, 8}, {0, 3, 7}, {4, 5, 5}}) {
    const double index = indices.At(static_cast<uint32_t>(s), static_cast<uint32_t>(c), static_cast<uint32_t>(left));
    EXPECT_GT(Gain(s, c, left, index / GittinsIndices::kSteps), 0);
    EXPECT_EQ(Gain(s, c, left, (index + 1) / GittinsIndices::kSteps), 0);
  }
  // The last pull is worth the posterior mean, 1/2: 250 of 500 steps, less the one at which there is nothing to gain.
  EXPECT_EQ(indices.At(0, 0, 1), GittinsIndices::kSteps / 2 - 1);
}

// With two arms the index is nearly the optimum, and no rule is above it.
TEST(BanditRules, NoneIsAboveTheOptimum) {
  const double optimum = TwoArmOptimum(50).value();
  for (const char* rule : {"random", "greedy", "thompson", "ucb1", "gittins"}) {
    const Estimate estimate = Measured(rule, 2, 50, 4000);
    EXPECT_LT(estimate.mean, optimum + kErrors * estimate.error) << rule;
  }
  const Estimate gittins = Measured("gittins", 2, 50, 4000);
  EXPECT_NEAR(gittins.mean, optimum, kErrors * gittins.error + 0.01 * optimum);
}

TEST(BanditRules, WhatATableCannotHoldIsRefusedByItsOption) {
  const auto refusal = [](std::string_view rule, uint32_t arms, uint32_t horizon) {
    return std::string(MakeScriptedPolicy(rule, "bandit", env::BanditOptions(arms, horizon), 1).status().message());
  };
  EXPECT_THAT(refusal("optimal", 3, 10), ::testing::StartsWith("env.arms is 3; optimal plays 2"));
  EXPECT_THAT(refusal("optimal", 2, 201), ::testing::StartsWith("env.horizon is 201; optimal plays at most 200"));
  EXPECT_THAT(refusal("gittins", 3, 501), ::testing::StartsWith("env.horizon is 501; gittins plays at most 500"));
}

}  // namespace
}  // namespace nmn::scripted
