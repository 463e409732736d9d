#include "learner/run/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/build/newer.h"
#include "common/config/config.h"
#include "common/safetensors/safetensors.h"

namespace nmn::run {
namespace {

using ::testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Benchmark 1 with the reference's rules, 6 episodes of 30 steps; one revert ends the run.
v1::RunConfig SmallConfig() {
  v1::RunConfig config = *config::Preset("reference", "b1", "nmn");
  config.mutable_env()->set_horizon(30);
  v1::PpoOptions& ppo = *config.mutable_ppo();
  ppo.set_episodes_per_update(6);
  ppo.set_kept_steps(20);
  ppo.set_segment_steps(10);
  ppo.mutable_policy()->set_epochs(3);
  ppo.mutable_critic()->set_epochs(2);
  ppo.mutable_critic()->set_minibatch_segments(5);
  config.mutable_work()->set_max_consecutive_reverts(1);
  return config;
}

NamedTensor Waves(const std::string& name, const std::vector<int64_t>& shape) {
  NamedTensor tensor{name, shape, {}};
  size_t size = 1;
  for (const int64_t axis : shape) size *= static_cast<size_t>(axis);
  for (size_t i = 0; i < size; ++i) tensor.values.push_back(std::sin(0.7f * static_cast<float>(i + name.size())));
  return tensor;
}

// Update 1 of such a run, before it was tried.
FailedUpdate MakeUpdate(const v1::RunConfig& config) {
  FailedUpdate update;
  update.config = config;
  update.run_id = "run";
  update.commit = "commit";
  update.update = 1;
  update.before = (*ppo::Trainer::Create(config, {}))->Save();
  update.batch = {Waves("observation", {30, 1, 6}), Waves("raw_action", {30, 6}), Waves("action", {30, 6}),
                  Waves("reward", {30, 6}),         Waves("mean", {30, 6}),       Waves("log_variance", {30, 6})};
  return update;
}

// What the update's policy reaches with a rate at which every parameter becomes infinite.
FailedUpdate MakeDiverged() {
  v1::RunConfig config = SmallConfig();
  config.mutable_ppo()->mutable_policy()->set_learning_rate(kInfinity);
  FailedUpdate update = MakeUpdate(config);
  update.code = "ABORTED";
  update.reason = "training has diverged: 1 policy updates were reverted in a row (the last mean KL was nan)";
  return update;
}

TEST(FailedUpdate, ComesBackAsItWasWritten) {
  const FailedUpdate written = MakeDiverged();
  const absl::StatusOr<FailedUpdate> read = DecodeFailedUpdate(EncodeFailedUpdate(written));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(config::Print(read->config), config::Print(written.config));
  EXPECT_EQ(read->update, 1u);
  EXPECT_EQ(read->reason, written.reason);
  EXPECT_EQ(read->batch, written.batch);
  EXPECT_EQ(read->before.weights, written.before.weights);
  EXPECT_EQ(read->before.optimizer, written.before.optimizer);
  EXPECT_EQ(read->before.scalars.SerializeAsString(), written.before.scalars.SerializeAsString());
}

TEST(FailedUpdate, DamageAnywhereIsNoticed) {
  const std::string good = EncodeFailedUpdate(MakeDiverged());
  for (size_t at = 0; at < good.size(); at += good.size() / 97) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    EXPECT_FALSE(DecodeFailedUpdate(bad).ok()) << "byte " << at;
  }
  EXPECT_FALSE(DecodeFailedUpdate(good.substr(0, good.size() / 2)).ok());
}

TEST(FailedUpdate, AnotherFileIsToldApart) {
  const absl::Status status =
      DecodeFailedUpdate(EncodeSafetensors({Waves("a", {2})}, {{"format", "nmn-policy-1"}})).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("its format is \"nmn-policy-1\""));
}

TEST(FailedUpdate, ANewerFormatIsNamedWithWhatWroteIt) {
  const absl::Status status =
      DecodeFailedUpdate(EncodeSafetensors({Waves("a", {2})}, {{"format", "nmn-failed-update-2"}, {"commit", "f00"}}))
          .status();
  EXPECT_TRUE(build::IsNewer(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("its format is nmn-failed-update-2 (written by commit f00)"));
}

TEST(Replay, NamesTheFirstStepThatIsNotFinite) {
  const absl::StatusOr<ReplayReport> report = Replay(MakeDiverged(), {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->reproduced) << report->reason;
  ASSERT_EQ(report->policy.size(), 3u);
  EXPECT_EQ(NotFinite(report->policy[0]), "largest parameter");
  EXPECT_EQ(NotFinite(report->policy[1]), "loss");
  EXPECT_EQ(report->policy[1].epoch, 2u);
}

TEST(Replay, TellsEveryStepOfTheCriticInOrder) {
  v1::RunConfig config = SmallConfig();
  config.mutable_work()->set_max_consecutive_reverts(100);
  const FailedUpdate update = MakeUpdate(config);
  const ReplayReport one = *Replay(update, {.threads = 1});
  const ReplayReport two = *Replay(update, {.threads = 2});
  ASSERT_EQ(one.critic.size(), 2 * 3u);  // 2 epochs of 12 segments in minibatches of 5, 5, 2
  EXPECT_EQ(one.critic[5].epoch, 2u);
  EXPECT_EQ(one.critic[5].minibatch, 3u);
  ASSERT_EQ(two.critic.size(), one.critic.size());
  for (size_t i = 0; i < one.critic.size(); ++i) {
    EXPECT_EQ(NotFinite(one.critic[i]), "");
    EXPECT_EQ(one.critic[i].loss, two.critic[i].loss);
    EXPECT_EQ(one.critic[i].largest_parameter, two.critic[i].largest_parameter);
  }
}

TEST(Replay, CountsWhatIsNotFiniteInTheBatch) {
  FailedUpdate update = MakeUpdate(SmallConfig());
  update.batch[3].values[40] = static_cast<float>(kInfinity);
  update.code = "DATA_LOSS";
  update.reason = "an advantage is not finite; both networks are as before the update";
  const ReplayReport report = *Replay(update, {});
  EXPECT_TRUE(report.reproduced) << report.reason;
  EXPECT_EQ(report.arrays[3].name, "reward");
  EXPECT_EQ(report.arrays[3].not_finite, 1u);
  EXPECT_TRUE(std::isfinite(report.arrays[3].greatest));
  EXPECT_TRUE(report.policy.empty());
}

TEST(Replay, AnUpdateThatNowSucceedsIsNotReproduced) {
  v1::RunConfig config = SmallConfig();
  config.mutable_work()->set_max_consecutive_reverts(100);
  FailedUpdate update = MakeUpdate(config);
  update.code = "DATA_LOSS";
  const ReplayReport report = *Replay(update, {});
  EXPECT_FALSE(report.reproduced);
  EXPECT_EQ(report.code, "OK");
}

TEST(Replay, StateOfAnotherNetworkIsRefusedByTensor) {
  FailedUpdate update = MakeUpdate(SmallConfig());
  update.before.weights[0].shape = {7};
  EXPECT_THAT(std::string(Replay(update, {}).status().message()), HasSubstr(update.before.weights[0].name));
}

}  // namespace
}  // namespace nmn::run
