#include "common/config/schedule.h"

#include <gtest/gtest.h>

#include "common/config/config.h"

namespace nmn::config {
namespace {

v1::RunConfig Moving() {
  v1::RunConfig config = *Preset("fast", "b1", "nmn");
  config.mutable_network()->set_min_log_variance(-3);
  config.mutable_ppo()->set_anneal_updates(10);
  config.mutable_ppo()->mutable_policy()->set_final_min_log_variance(-5);
  return config;
}

TEST(MinLogVariance, MovesInAStraightLineToItsFinalValueAndStays) {
  EXPECT_DOUBLE_EQ(MinLogVariance(Moving(), 1), -3);
  EXPECT_DOUBLE_EQ(MinLogVariance(Moving(), 6), -4);
  EXPECT_DOUBLE_EQ(MinLogVariance(Moving(), 11), -5);
  EXPECT_DOUBLE_EQ(MinLogVariance(Moving(), 1000), -5);
}

TEST(MinLogVariance, StaysWithoutAFinalValue) {
  v1::RunConfig config = Moving();
  config.mutable_ppo()->mutable_policy()->clear_final_min_log_variance();
  EXPECT_EQ(MinLogVariance(config, 6), -3);
}

TEST(ConfigAfter, HasTheFloorOfTheNextUpdateAndNoScheduleOfIt) {
  v1::RunConfig expected = Moving();
  expected.mutable_network()->set_min_log_variance(-4);
  expected.mutable_ppo()->mutable_policy()->clear_final_min_log_variance();
  EXPECT_EQ(Print(ConfigAfter(Moving(), 5)), Print(expected));
  EXPECT_EQ(Print(ConfigAfter(expected, 8)), Print(expected));
  EXPECT_TRUE(Validate(ConfigAfter(Moving(), 5)).ok());
}

}  // namespace
}  // namespace nmn::config
