// What a policy gets that knows the task: known, or played.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/report/bound.h"
#include "common/config/config.h"

namespace nmn::report {
namespace {

Run RunOf(const std::string& benchmark, const std::string& preset, const std::vector<std::string>& assignments = {}) {
  Run run;
  run.config = config::Preset(preset, benchmark, "nmn").value();
  for (const std::string& assignment : assignments) EXPECT_TRUE(config::Set(assignment, run.config).ok()) << assignment;
  return run;
}

TEST(KnownBound, IsThatOfTheBenchmarksOwnEpisodes) {
  const std::optional<Bound> bound = KnownBound({RunOf("b2", "reference"), RunOf("b2", "reference")});
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->returns.raw, 56942);
  EXPECT_EQ(bound->Label(), "a policy that knows the task");
  EXPECT_FALSE(KnownBound({RunOf("b2", "fast")})) << "it trains on the first 1000 steps";
  EXPECT_FALSE(KnownBound({RunOf("b2", "reference"), RunOf("b2", "reference", {"env.cone=0.5"})}));
}

// Of whole episodes a known figure says what the rule gets, and of 1000 steps of 10000 a tenth of it, less the way to
// the first target.
TEST(PlayedBound, IsWhatTheRuleGetsInTheEpisodesOfTraining) {
  const std::optional<Bound> cut = PlayedBound({RunOf("b2", "fast")});
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->Label(), "rule oracle, 256 episodes");
  const v1::RunConfig fast = RunOf("b2", "fast").config;
  const double share = static_cast<double>(fast.ppo().rollout_steps()) / fast.task().horizon();
  EXPECT_NEAR(cut->returns.raw, 56942 * share, 0.05 * 56942 * share);
  // What comes after counts little in the discounted return.
  EXPECT_LT(cut->returns.discounted, 7088 * 1.05);
  EXPECT_GT(cut->returns.discounted, 7088 * 0.75);
  EXPECT_EQ(PlayedBound({RunOf("b2", "fast")})->returns.raw, cut->returns.raw);
}

TEST(PlayedBound, OfEpisodesThatDifferIsNone) {
  EXPECT_FALSE(PlayedBound({RunOf("b2", "fast"), RunOf("b2", "fast", {"env.cone=0.5"})}));
  EXPECT_TRUE(PlayedBound({RunOf("b2", "fast", {"env.cone=0.5"})}));
  report::Run of_user = RunOf("b1", "fast");
  of_user.config.set_benchmark("my_task");
  EXPECT_FALSE(PlayedBound({of_user})) << "it has no rules";
}

}  // namespace
}  // namespace nmn::report
