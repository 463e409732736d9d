#include "learner/ppo/schedules.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace nmn::ppo {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

v1::KlPenalty Reference() {
  v1::KlPenalty options;
  options.set_kl_target(0.003);
  options.set_beta_initial(1);
  options.set_beta_max(35);
  return options;
}

struct PenaltyCase {
  double kl, beta, multiplier;
  bool revert;
  double next_beta, next_multiplier;
};

TEST(KlPenaltyNmnSection3, FollowsTheTable) {
  const PenaltyCase cases[] = {
      {0.003, 1, 1, false, 1, 1},     // between the thresholds: nothing
      {0.0061, 1, 1, false, 1.5, 1},  // above 2 targets
      {0.0121, 1, 1, true, 2.25, 1},  // above 4: reverted, beta twice
      {kNan, 1, 1, true, 2.25, 1},    // as above every threshold
      {kInfinity, 1, 1, true, 2.25, 1},
      {0.0014, 1, 1, false, 1 / 1.5, 1},    // below half
      {0.0061, 25, 1, false, 35, 1 / 1.5},  // beta saturates: the rate falls
      {0.0061, 35, 0.5, false, 35, 0.5 / 1.5},
      {0.0121, 20, 1, true, 35, 1 / 1.5},           // 20, 30, 45 cut to 35
      {0.0014, 1.0 / 25, 1, false, 1 / 35.0, 1.5},  // beta saturates below: the rate rises
      {0.0014, 1.0 / 35, 2, false, 1 / 35.0, 3},
  };
  for (const PenaltyCase& c : cases) {
    const KlDecision next = DecideKlPenalty(Reference(), c.kl, c.beta, c.multiplier);
    EXPECT_EQ(next.revert, c.revert) << c.kl;
    EXPECT_DOUBLE_EQ(next.beta, c.next_beta) << c.kl;
    EXPECT_DOUBLE_EQ(next.rate_multiplier, c.next_multiplier) << c.kl;
  }
}

v1::ClippedRatio Controlled() {
  v1::ClippedRatio options;
  options.set_clip(0.2);
  options.set_kl_target(0.006);
  options.set_rate_increase(1.15);
  options.set_rate_decrease(1.3);
  options.set_max_rate_factor(1.2);
  options.set_take_back_kl(0.03);
  return options;
}

TEST(ClippedRatioRate, FollowsTheTable) {
  const PenaltyCase cases[] = {
      {0.006, 1, 1, false, 1, 1},        {0.0039, 1, 1, false, 1, 1.15},
      {0.0039, 1, 1.15, false, 1, 1.2},                                    // never above the maximum
      {0.0091, 1, 1, false, 1, 1 / 1.3}, {0.031, 1, 1, true, 1, 1 / 1.3},  // taken back, and reduced all the same
      {kNan, 1, 1, true, 1, 1 / 1.3},
  };
  for (const PenaltyCase& c : cases) {
    const KlDecision next = DecideClippedRatio(Controlled(), Controlled().kl_target(), c.kl, c.beta, c.multiplier);
    EXPECT_EQ(next.revert, c.revert) << c.kl;
    EXPECT_DOUBLE_EQ(next.beta, c.next_beta) << c.kl;
    EXPECT_DOUBLE_EQ(next.rate_multiplier, c.next_multiplier) << c.kl;
  }
}

TEST(ClippedRatioRate, StaysWithoutControlAndTakesBackOnlyWhatIsNotFinite) {
  v1::ClippedRatio options = Controlled();
  options.set_kl_target(0);
  options.set_take_back_kl(0);
  EXPECT_FALSE(DecideClippedRatio(options, 0, 5.0, 1, 1).revert);
  EXPECT_DOUBLE_EQ(DecideClippedRatio(options, 0, 5.0, 1, 1).rate_multiplier, 1);
  EXPECT_TRUE(DecideClippedRatio(options, 0, kNan, 1, 1).revert);
}

TEST(Anneal, FallsLinearlyThenStays) {
  v1::PpoOptions options;
  options.set_anneal_updates(10);
  options.set_anneal_final(0.2);
  EXPECT_DOUBLE_EQ(RateFactor(options, 1), 1.0);
  EXPECT_DOUBLE_EQ(RateFactor(options, 6), 0.6);
  EXPECT_DOUBLE_EQ(RateFactor(options, 11), 0.2);
  EXPECT_DOUBLE_EQ(RateFactor(options, 5000), 0.2);
}

TEST(Anneal, IsOffWithoutUpdates) {
  v1::PpoOptions options;
  options.set_anneal_final(0.2);
  options.mutable_policy()->set_entropy_bonus(0.5);
  options.mutable_policy()->set_anneal_entropy_bonus(true);
  EXPECT_DOUBLE_EQ(RateFactor(options, 100), 1.0);
  EXPECT_DOUBLE_EQ(EntropyBonus(options, 100), 0.5);
}

TEST(Anneal, TakesTheEntropyBonusToZeroWhereAsked) {
  v1::PpoOptions options;
  options.set_anneal_updates(10);
  options.set_anneal_final(0.2);
  options.mutable_policy()->set_entropy_bonus(0.5);
  EXPECT_DOUBLE_EQ(EntropyBonus(options, 6), 0.5);
  options.mutable_policy()->set_anneal_entropy_bonus(true);
  EXPECT_DOUBLE_EQ(EntropyBonus(options, 6), 0.25);
  EXPECT_DOUBLE_EQ(EntropyBonus(options, 11), 0.0);
}

TEST(Schedules, TheKlTargetMovesInAStraightLineToItsFinalValueAndStays) {
  v1::PpoOptions options;
  options.set_anneal_updates(10);
  options.mutable_clipped_ratio()->set_kl_target(0.01);
  EXPECT_DOUBLE_EQ(KlTarget(options, 7), 0.01);
  options.mutable_clipped_ratio()->set_final_kl_target(0.002);
  EXPECT_DOUBLE_EQ(KlTarget(options, 1), 0.01);
  EXPECT_DOUBLE_EQ(KlTarget(options, 6), 0.006);
  EXPECT_DOUBLE_EQ(KlTarget(options, 11), 0.002);
  EXPECT_DOUBLE_EQ(KlTarget(options, 1000), 0.002);
}

}  // namespace
}  // namespace nmn::ppo
