// A critic that explains nothing for long is said once, and counted over a resume.

#include <gmock/gmock.h>

#include "tests/integration/tiny_run.h"

namespace nmn::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kNotice[] = "the critic explains nothing: for 50 updates explained_variance was below 0.05";

// Neither network moves, so the critic stays as it was made.
std::vector<std::string> Frozen() {
  std::vector<std::string> flags = {"--seed=7", "--metrics=off"};
  for (const char* set : {"ppo.policy.learning_rate=1e-12", "ppo.critic.learning_rate=1e-12", "ppo.policy.epochs=1",
                          "ppo.critic.epochs=1", "env.horizon=80"}) {
    flags.insert(flags.end(), {"--set", set});
  }
  return flags;
}

TEST(BlindCritic, IsSaidAtTheFiftiethUpdateAndCountedOverAResume) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  const Outcome first = RunProcess(TinyTrain(run, 49, Frozen()));
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.err, Not(HasSubstr("the critic explains nothing")));
  const auto resume = [&](int updates) {
    return RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--no_figure", "--metrics=off",
                       "--updates=" + std::to_string(updates)});
  };
  const Outcome fiftieth = resume(50);
  EXPECT_THAT(fiftieth.err, HasSubstr(kNotice));
  const Outcome later = resume(51);
  EXPECT_EQ(later.code, 0) << later.err;
  EXPECT_THAT(later.err, Not(HasSubstr("the critic explains nothing")));
  const std::vector<nlohmann::json> metrics = ReadMetrics(run);
  ASSERT_EQ(metrics.size(), 51u);
  for (const nlohmann::json& line : metrics) EXPECT_EQ(line["critic_blind_updates"], line["update"]);
}

}  // namespace
}  // namespace nmn::testing
