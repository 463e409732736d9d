// The figures of docs/specification.md section 4, within 4 standard errors of the mean. Where a rule is the best that
// we know and not a closed form, it must not be worse than the figure.
#include <gtest/gtest.h>

#include "tests/unit/cli/scripted/evaluate.h"

namespace nmn::scripted {
namespace {

constexpr double kErrors = 4;

TEST(ScriptedNmnSection4, OracleOfB1GetsExactly14000) {
  for (const auto domain : {v1::DOMAIN_REFERENCE, v1::DOMAIN_PAPER}) {
    for (const double raw : Play("oracle", "b1", OptionsOf("b1", domain), 100).raw) EXPECT_EQ(raw, 14000);
  }
}

TEST(ScriptedNmnSection4, AdaptiveOnB1ReachesTheClosedForm) {
  const Returns returns = Play("adaptive", "b1", OptionsOf("b1"), 3000);
  const Estimate raw = EstimateOf(returns.raw);
  EXPECT_NEAR(raw.mean, 13982.3, kErrors * raw.error + 0.05);
  EXPECT_LT(raw.error, 0.3);
  const Estimate discounted = EstimateOf(returns.discounted);
  EXPECT_NEAR(discounted.mean, 4679.1, kErrors * discounted.error + 0.05);
}

TEST(ScriptedNmnSection4, OracleOnB1HitsAtEveryStepOfBothDomains) {
  for (const v1::Domain domain : {v1::DOMAIN_REFERENCE, v1::DOMAIN_PAPER}) {
    const Returns returns = Play("oracle", "b1", OptionsOf("b1", domain), 100);
    EXPECT_EQ(EstimateOf(returns.raw).mean, 14000);
    EXPECT_NEAR(EstimateOf(returns.discounted).mean, 4696.8, 0.1);
  }
}

// The target's range narrows the prior, so the paper's domain is a little easier.
TEST(ScriptedNmnSection4, AdaptiveOnB1InThePapersDomainLosesLessThanInTheReferences) {
  const Estimate raw = EstimateOf(Play("adaptive", "b1", OptionsOf("b1", v1::DOMAIN_PAPER), 3000).raw);
  EXPECT_GT(raw.mean - kErrors * raw.error, 13982.3);
  EXPECT_LT(raw.mean, 14000);
}

TEST(ScriptedNmnSection4, MemorylessOnB1) {
  const Estimate raw = EstimateOf(Play("memoryless", "b1", OptionsOf("b1"), 3000).raw);
  EXPECT_NEAR(raw.mean, -5530, kErrors * raw.error);  // closed form: 0.1 x 14000 - 0.9 x 1400 x 5.5
}

TEST(ScriptedNmnSection4, UntrainedOnB1) {
  const Estimate raw = EstimateOf(Play("untrained", "b1", OptionsOf("b1"), 2000).raw);
  EXPECT_NEAR(raw.mean, -10787, kErrors * std::hypot(raw.error, 47));
}

TEST(ScriptedNmnSection4, MemorylessOnB2IgnoresTheWind) {
  const Estimate raw = EstimateOf(Play("memoryless", "b2", OptionsOf("b2"), 1000).raw);
  EXPECT_NEAR(raw.mean, 6561, kErrors * std::hypot(raw.error, raw.error));
}

TEST(ScriptedNmnSection4, AdaptiveAndOracleOnB2) {
  const Returns adaptive = Play("adaptive", "b2", OptionsOf("b2"), 400);
  const Returns oracle = Play("oracle", "b2", OptionsOf("b2"), 400);
  const Estimate adaptive_raw = EstimateOf(adaptive.raw);
  const Estimate oracle_raw = EstimateOf(oracle.raw);
  EXPECT_GT(adaptive_raw.mean, 56778 - kErrors * adaptive_raw.error);
  EXPECT_GT(oracle_raw.mean, 56942 - kErrors * oracle_raw.error);
  EXPECT_LT(oracle_raw.mean, 1.03 * 56942);
  const Estimate discounted = EstimateOf(oracle.discounted);
  EXPECT_GT(discounted.mean, 7088 - kErrors * discounted.error);
  EXPECT_GT(oracle_raw.mean, adaptive_raw.mean - 50);  // same tasks, targets and gusts; respawns differ
}

TEST(ScriptedNmnSection4, NearestTargetAlwaysOnB3) {
  const Estimate raw = EstimateOf(Play("memoryless", "b3", OptionsOf("b3"), 1000).raw);
  EXPECT_NEAR(raw.mean, 26050, kErrors * std::hypot(raw.error, raw.error));
}

TEST(ScriptedNmnSection4, AdaptiveAndOracleOnB3) {
  const Estimate adaptive = EstimateOf(Play("adaptive", "b3", OptionsOf("b3"), 150).raw);
  EXPECT_GT(adaptive.mean, 86129 - kErrors * adaptive.error);
  const Returns oracle = Play("oracle", "b3", OptionsOf("b3"), 300);
  const Estimate raw = EstimateOf(oracle.raw);
  EXPECT_GT(raw.mean, 86306 - kErrors * raw.error);
  EXPECT_LT(raw.mean, 1.03 * 86306);
  const Estimate discounted = EstimateOf(oracle.discounted);
  EXPECT_GT(discounted.mean, 8595 - kErrors * discounted.error);
}

}  // namespace
}  // namespace nmn::scripted
