#include "common/env/figures.h"

#include <gmock/gmock.h>

#include <functional>
#include <vector>

#include "common/env/environment.h"

namespace nmn::env {
namespace {

using ::testing::ElementsAre;
using O = v1::EnvironmentOptions;

O Standard(const std::string& benchmark) {
  O options;
  if (benchmark == "b2") options.set_cone(0.628319);
  return options;
}

TEST(AdaptationSteps, EndWithTheLastStepOfTheEpisode) {
  EXPECT_THAT(AdaptationSteps(1400), ElementsAre(0, 1, 2, 5, 10, 1399));
  EXPECT_THAT(AdaptationSteps(11), ElementsAre(0, 1, 2, 5, 10));
  EXPECT_THAT(AdaptationSteps(4), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(AdaptationSteps(1), ElementsAre(0));
}

TEST(KnownOptimum, IsTheOraclesFigure) {
  EXPECT_EQ(KnownOptimum("b1", Standard("b1"))->raw, 14000);
  EXPECT_EQ(KnownOptimum("b1", Standard("b1"))->discounted, 4696.8);
  EXPECT_EQ(KnownOptimum("b2", Standard("b2"))->discounted, 7088);
  EXPECT_EQ(KnownOptimum("b3", Standard("b3"))->discounted, 8595);
}

TEST(KnownOptimum, OfB1IsThatOfBothDomainsBecauseAKnownTaskIsHitAtEveryStep) {
  O options = Standard("b1");
  for (const v1::Domain domain : {v1::DOMAIN_REFERENCE, v1::DOMAIN_PAPER}) {
    options.set_domain(domain);
    ASSERT_TRUE(KnownOptimum("b1", options).has_value()) << domain;
    EXPECT_EQ(KnownOptimum("b1", options)->raw, 14000);
  }
}

TEST(KnownOptimum, IsUnknownWhereEpisodesAreOthers) {
  EXPECT_FALSE(KnownOptimum("b9", {}).has_value());
  const std::vector<std::pair<std::string, std::function<void(O&)>>> changes = {
      {"b1", [](O& o) { o.set_horizon(100); }},
      {"b1", [](O& o) { o.add_tasks(3); }},
      {"b1", [](O& o) { o.add_switch_steps(700); }},
      {"b3", [](O& o) { o.set_switch_probability(0.1); }},
      {"b2", [](O& o) { o.set_cone(0); }},
      {"b2", [](O& o) { o.set_cone(1); }},
      {"b2", [](O& o) { o.add_targets(0.5), o.add_targets(0.5); }}};
  for (size_t c = 0; c < changes.size(); ++c) {
    O options = Standard(changes[c].first);
    changes[c].second(options);
    EXPECT_FALSE(KnownOptimum(changes[c].first, options).has_value()) << "change " << c;
  }
}

TEST(KnownTrainingOptimum, IsUnknownWhereTrainingPlaysShorterEpisodes) {
  v1::RunConfig config;
  config.set_benchmark("b3");
  *config.mutable_task() = *MakeTaskSpec("b3", config.env());
  EXPECT_EQ(KnownTrainingOptimum(config)->discounted, 8595);
  config.mutable_ppo()->set_rollout_steps(5000);
  EXPECT_EQ(KnownTrainingOptimum(config)->discounted, 8595);
  config.mutable_ppo()->set_rollout_steps(1000);
  EXPECT_FALSE(KnownTrainingOptimum(config).has_value());
}

TEST(KnownTrainingOptimum, MeasuresRolloutsByTheHorizonThatTheRunHas) {
  v1::RunConfig config;
  config.set_benchmark("bandit");
  config.mutable_env()->set_horizon(200);
  *config.mutable_task() = *MakeTaskSpec("bandit", config.env());
  config.mutable_ppo()->set_rollout_steps(200);
  EXPECT_TRUE(KnownTrainingOptimum(config).has_value());
  config.mutable_ppo()->set_rollout_steps(100);  // the bandit's own T, and half of this run's
  EXPECT_FALSE(KnownTrainingOptimum(config).has_value());
}

}  // namespace
}  // namespace nmn::env
