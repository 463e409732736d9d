#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "absl/strings/str_join.h"
#include "tests/unit/common/env/player.h"

namespace nmn::env {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Case {
  std::string benchmark;
  std::function<void(v1::EnvironmentOptions&)> change;
  std::string field_and_value;
  std::string legal;
};

TEST(EnvironmentOptions, AnImpossibleValueIsRefusedByNameValueAndLegalValues) {
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  using O = v1::EnvironmentOptions;
  const std::vector<Case> cases = {
      {"b1", [](O& o) { o.set_horizon(2000000); }, "env.horizon is 2000000", "[1, 1000000]"},
      {"b1", [](O& o) { o.clear_domain(); }, "env.domain is DOMAIN_UNSPECIFIED", "DOMAIN_REFERENCE or DOMAIN_PAPER"},
      {"b2", [](O& o) { o.set_domain(v1::DOMAIN_PAPER); }, "env.domain is DOMAIN_PAPER", "only b1"},
      {"b1", [](O& o) { o.set_cone(0.5); }, "env.cone is 0.5", "only b2"},
      {"b2", [](O& o) { o.set_cone(4); }, "env.cone is 4", "[0, 3.14159]"},
      {"b2", [&](O& o) { o.set_cone(nan); }, "env.cone is nan", "[0, 3.14159]"},
      {"b3", [](O& o) { o.set_switch_probability(1.5); }, "env.switch_probability is 1.5", "[0, 1]"},
      {"b1", [](O& o) { o.add_switch_steps(1400); }, "env.switch_steps[0] is 1400", "below the horizon, 1400"},
      {"b1", [](O& o) { o.set_step_cost_us(-1); }, "env.step_cost_us is -1", "[0, 1000000]"},
      {"b1", [](O& o) { o.add_tasks(11); }, "env.tasks[0] is 11", "[-10, 10]"},
      {"b2", [](O& o) { o.add_tasks(7); }, "env.tasks[0] is 7", "radians"},
      {"b3", [](O& o) { o.add_tasks(2); }, "env.tasks[0] is 2", "0 (the good target"},
      {"b1", [](O& o) { o.set_arms(3); }, "env.arms is 3", "only bandit"},
      {"bandit", [](O& o) { o.set_arms(1); }, "env.arms is 1", "[2, 1024], or 0 for 10"},
      {"bandit", [](O& o) { o.set_arms(2000000000); }, "env.arms is 2000000000", "[2, 1024], or 0 for 10"},
      {"bandit", [](O& o) { o.set_switch_probability(0.5); }, "env.switch_probability is 0.5", "only b1, b2 or b3"},
      {"bandit", [](O& o) { o.add_switch_steps(5); }, "env.switch_steps is a list of 1 number", "only b1, b2 or b3"},
      {"bandit", [](O& o) { o.add_tasks(0.5); }, "env.tasks is a list of 1 number", "cannot be given"},
      {"b3", [](O& o) { o.add_targets(1); }, "env.targets is a list of 1 number", "only b2"},
      {"b2", [](O& o) { o.add_targets(1); }, "env.targets is a list of 1 number", "pairs"},
      {"b2",
       [](O& o) {
         o.add_targets(0);
         o.add_targets(3);
       },
       "env.targets[1] is 3", "[-2, 2]"},
  };
  for (const Case& each : cases) {
    v1::EnvironmentOptions options = PaperOptions(each.benchmark);
    ASSERT_TRUE(ValidateOptions(each.benchmark, options).ok());
    each.change(options);
    const absl::Status status = ValidateOptions(each.benchmark, options);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(each.field_and_value), HasSubstr(each.legal)));
    EXPECT_EQ(MakeEnvironment(each.benchmark, options, 1).status(), status);
  }
}

TEST(Registry, AnUnknownBenchmarkIsAnsweredWithTheOnesThereAre) {
  EXPECT_THAT(BenchmarkNames(), ::testing::ElementsAre("b1", "b2", "b3"));
  const absl::Status status = FindSpec("b4").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(std::string(status.message()),
            "benchmark is \"b4\"; did you mean b1 or b2 or b3? There are " + absl::StrJoin(TaskNames(), ", "));
}

TEST(Registry, ATaskOfOnesOwnIsAnsweredWithTheFlagThatBringsIt) {
  const std::string there = absl::StrJoin(TaskNames(), ", ");
  const std::string again = " in each command that plays it, also to go on with its run";
  EXPECT_EQ(std::string(FindSpec("hidden_wiring.HiddenWiring").status().message()),
            "benchmark is \"hidden_wiring.HiddenWiring\", and there are " + there +
                ". A task of your own needs --task_python=hidden_wiring:HiddenWiring" + again);
  EXPECT_EQ(std::string(FindSpec("my-own-robot").status().message()),
            "benchmark is \"my-own-robot\", and there are " + there +
                ". A task of your own needs --task_python=MODULE:FACTORY or --task_plugin=FILE" + again);
}

}  // namespace
}  // namespace nmn::env
