// What a task that is brought is trained with. A program of its own: the registry keeps what was brought.

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "common/config/config.h"
#include "common/env/brought.h"
#include "common/nn/action_space.h"

namespace nmn::config {
namespace {

TEST(OwnPresets, ATaskHasThatOfItsKindOfAction) {
  v1::ActionSpace choice, choices;
  choice.set_discrete(2);
  for (const uint32_t count : {3, 2}) choices.mutable_multi_discrete()->add_choices(count);
  for (const auto& [kind, name, action] : {std::tuple{"box", "my.box", nn::BoxOf(3)},
                                           {"choices", "my.choice", choice},
                                           {"choices", "my.choices", choices}}) {
    SCOPED_TRACE(name);
    v1::TaskSpec task;
    task.set_name(name);
    task.set_version(1);
    task.set_observation_size(2);
    *task.mutable_action() = action;
    task.set_horizon(40);
    ASSERT_TRUE(env::BringSpec(task).ok());
    EXPECT_EQ(UsualPreset(name), "default");
    EXPECT_EQ(Preset("fast", name, "nmn").status().message(),
              "--preset=fast: a task of your own has preset default alone");
    for (const char* architecture : {"nmn", "rnn"}) {
      absl::StatusOr<v1::RunConfig> preset = Preset("default", name, architecture);
      ASSERT_TRUE(preset.ok()) << preset.status();
      v1::RunConfig& config = *preset;
      EXPECT_TRUE(Validate(config).ok()) << Validate(config);
      EXPECT_EQ(config.benchmark(), name);
      EXPECT_EQ(config.task().SerializeAsString(), task.SerializeAsString());
      EXPECT_EQ(config.network().architecture(), architecture == std::string("nmn") ? v1::NMN : v1::RNN);
      EXPECT_GT(config.work().verify_units(), 0u) << "nobody has tried whether it is a function of its seeds";
      EXPECT_EQ(config.ppo().policy().final_min_log_variance() < 0, kind == std::string("box"))
          << "a floor under the noise is of numbers alone";
    }
    EXPECT_EQ(Preset("default", name, "lstm").status().message(),
              "--arch=lstm: it must be one of nmn, rnn (an LSTM in place of the GRU: --set network.cell=LSTM)");
  }
}

}  // namespace
}  // namespace nmn::config
