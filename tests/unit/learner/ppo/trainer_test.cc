#include "learner/ppo/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stop_token>

#include "tests/unit/learner/ppo/training_run.h"

namespace nmn::ppo {
namespace {

std::vector<NamedTensor> OfRole(const std::vector<NamedTensor>& tensors, const std::string& role) {
  std::vector<NamedTensor> some;
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name.rfind(role + ".", 0) == 0) some.push_back(tensor);
  }
  return some;
}

void ExpectSameState(const TrainerState& a, const TrainerState& b) {
  EXPECT_EQ(a.weights, b.weights);
  EXPECT_EQ(a.optimizer, b.optimizer);
  EXPECT_EQ(a.scalars.SerializeAsString(), b.scalars.SerializeAsString());
}

TEST(Trainer, SameSeedGivesTheSameBitsTwiceAndAnotherSeedOthers) {
  for (const v1::RunConfig& config : {SmallConfig(), ClippedConfig()}) {
    TrainingRun first(config), second(config);
    v1::RunConfig other_config = config;
    other_config.set_seed(6);
    TrainingRun other(other_config);
    for (uint32_t update = 1; update <= 2; ++update) {
      ASSERT_TRUE(first.Update(update).ok());
      ASSERT_TRUE(second.Update(update).ok());
      ASSERT_TRUE(other.Update(update).ok());
    }
    ExpectSameState(first.trainer->Save(), second.trainer->Save());
    EXPECT_NE(first.trainer->Save().weights, other.trainer->Save().weights);
  }
}

TEST(Trainer, NumberOfThreadsReachesNoBit) {
  v1::RunConfig config = SmallConfig();
  config.mutable_ppo()->set_episodes_per_update(40);  // several chunks
  TrainingRun one(config, {.threads = 1}), two(config, {.threads = 2});
  ASSERT_TRUE(one.Update(1).ok());
  ASSERT_TRUE(two.Update(1).ok());
  ExpectSameState(one.trainer->Save(), two.trainer->Save());
}

TEST(Trainer, BothEnginesTakeTheSameUpdate) {
  TrainingRun by_hand(SmallConfig(), {.engine = Engine::kAuto}), twin(SmallConfig(), {.engine = Engine::kLibTorch});
  const TrajectoryBatch batch = by_hand.Collect(1);
  const UpdateReport a = *by_hand.trainer->Update(1, batch);
  const UpdateReport b = *twin.trainer->Update(1, batch);
  EXPECT_NEAR(a.policy_loss, b.policy_loss, 1e-5);
  EXPECT_NEAR(a.critic_loss, b.critic_loss, 1e-5 + 1e-4 * b.critic_loss);
  EXPECT_NEAR(a.kl, b.kl, 1e-6 + 1e-3 * b.kl);
  EXPECT_NEAR(a.explained_variance, b.explained_variance, 1e-4);
  EXPECT_NEAR(a.policy_gradient_norm, b.policy_gradient_norm, 1e-3 * b.policy_gradient_norm);
}

TEST(Trainer, SaveAndRestoreContinueBitForBit) {
  v1::RunConfig falling_floor = ClippedConfig();
  falling_floor.mutable_network()->set_min_log_variance(-0.5);
  falling_floor.mutable_network()->set_max_log_variance(1);
  falling_floor.mutable_ppo()->set_anneal_updates(5);
  falling_floor.mutable_ppo()->mutable_policy()->set_final_min_log_variance(-2);
  for (const v1::RunConfig& config :
       {SmallConfig("nmn"), SmallConfig("rnn"), ClippedConfig(), falling_floor, NormalizedConfig()}) {
    TrainingRun whole(config);
    TrainerState saved;
    for (uint32_t update = 1; update <= 5; ++update) {
      if (update == 3) saved = whole.trainer->Save();
      ASSERT_TRUE(whole.Update(update).ok());
    }
    TrainingRun resumed(config);
    ASSERT_TRUE(resumed.trainer->Restore(saved).ok());
    ExpectSameState(resumed.trainer->Save(), saved);
    for (uint32_t update = 3; update <= 5; ++update) ASSERT_TRUE(resumed.Update(update).ok());
    ExpectSameState(whole.trainer->Save(), resumed.trainer->Save());
  }
}

float StatisticOf(const TrainerState& state, const std::string& name) {
  for (const NamedTensor& tensor : state.weights) {
    if (tensor.name == name) return tensor.values[0];
  }
  return NAN;
}

// They act from the next update on, for both networks, and actors get them with the weights.
TEST(TrainerNormalize, StatisticsAreThoseOfTheEpisodesSoFar) {
  TrainingRun run(NormalizedConfig());
  const TrainerState fresh = run.trainer->Save();
  EXPECT_EQ(StatisticOf(fresh, "actor.normalize.observation_mean"), 0);
  EXPECT_EQ(StatisticOf(fresh, "critic.normalize.return_scale"), 1);
  double sum = 0;
  for (uint32_t update = 1; update <= 3; ++update) {
    const TrajectoryBatch batch = run.Collect(update);
    const ConstView3 x = batch.observation();
    for (size_t i = 0; i < x.planes * x.columns; ++i) sum += x.data[i];
    const double mean = sum / static_cast<double>(update * x.planes * x.columns);
    std::vector<float> published;
    ASSERT_TRUE(run.trainer->Update(update, batch, {}, [&] { published = run.trainer->ActorParameters(); }).ok());
    const TrainerState state = run.trainer->Save();
    for (const char* role : {"actor.", "critic."})
      EXPECT_NEAR(StatisticOf(state, std::string(role) + "normalize.observation_mean"), mean, 1e-4);
    EXPECT_GT(StatisticOf(state, "actor.normalize.reward_scale"), 1);  // b1's rewards are about -10
    EXPECT_EQ(published, run.trainer->ActorParameters());
  }
}

// What actors recorded is what the learner computes from the same raw numbers, with statistics that are not 0 and 1.
TEST(TrainerNormalize, TheFirstStepOfAnUpdateIsFromThePolicyThatActed) {
  v1::RunConfig config = NormalizedConfig();
  config.mutable_ppo()->mutable_policy()->set_epochs(1);
  config.mutable_ppo()->mutable_policy()->set_learning_rate(1e-9);
  TrainingRun run(config);
  for (uint32_t update = 1; update <= 3; ++update) EXPECT_LT(run.Update(update)->kl, 1e-8) << update;
}

TEST(TrainerNormalize, AStoppedUpdateLeavesNoTrace) {
  TrainingRun run(NormalizedConfig());
  ASSERT_TRUE(run.Update(1).ok());
  const TrainerState before = run.trainer->Save();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(run.Update(2, stop.get_token()).ok());
  ExpectSameState(run.trainer->Save(), before);
}

// The policy cannot move at this rate, so whatever KL there is comes of floors that differ between actor and learner.
TEST(Trainer, LearnsWithTheFloorThatItsActorsPlayedWith) {
  v1::RunConfig config = ClippedConfig();
  config.mutable_network()->set_min_log_variance(-0.2);
  config.mutable_network()->set_max_log_variance(1);
  config.mutable_ppo()->set_anneal_updates(3);
  config.mutable_ppo()->mutable_policy()->set_final_min_log_variance(-0.8);
  config.mutable_ppo()->mutable_policy()->set_learning_rate(1e-12);
  TrainingRun run(config);
  for (uint32_t update = 1; update <= 5; ++update) {
    const UpdateReport report = *run.Update(update);
    EXPECT_LT(report.kl, 1e-6) << update;
    EXPECT_NEAR(report.mean_deviation, std::exp(std::max(-0.8, -0.2 - 0.2 * (update - 1)) / 2), 1e-6) << update;
    EXPECT_EQ(report.clip_fraction, 0) << update;
  }
}

TEST(Trainer, TheCriticsOwnAdamOptionsReachTheCriticAlone) {
  const v1::RunConfig shared = SmallConfig();
  v1::RunConfig same = shared, own = shared, all = shared;
  v1::AdamOptions* adam = same.mutable_ppo()->mutable_adam();
  adam->set_critic_beta1(adam->beta1());
  adam->set_critic_beta2(adam->beta2());
  adam->set_critic_epsilon(adam->epsilon());
  for (v1::RunConfig* config : {&own, &all}) {
    v1::AdamOptions& changed = *config->mutable_ppo()->mutable_adam();
    changed.set_critic_beta1(0.5);
    changed.set_critic_beta2(0.9);
    changed.set_critic_epsilon(1e-3);
  }
  v1::AdamOptions& everywhere = *all.mutable_ppo()->mutable_adam();
  everywhere.set_beta1(0.5);
  everywhere.set_beta2(0.9);
  everywhere.set_epsilon(1e-3);
  const auto after = [](const v1::RunConfig& config) {
    TrainingRun run(config);
    EXPECT_TRUE(run.Update(1).ok());
    return run.trainer->Save().weights;
  };
  const auto with_shared = after(shared), with_own = after(own), with_all = after(all);
  EXPECT_EQ(after(same), with_shared);
  EXPECT_EQ(OfRole(with_own, "actor"), OfRole(with_shared, "actor"));
  EXPECT_NE(OfRole(with_own, "critic"), OfRole(with_shared, "critic"));
  EXPECT_EQ(OfRole(with_own, "critic"), OfRole(with_all, "critic"));
  EXPECT_NE(OfRole(with_own, "actor"), OfRole(with_all, "actor"));
}

TEST(Trainer, RestoreNamesTheTensorThatDoesNotFitAndChangesNothing) {
  TrainingRun run(SmallConfig());
  ASSERT_TRUE(run.Update(1).ok());
  const TrainerState good = run.trainer->Save();
  ASSERT_TRUE(run.Update(2).ok());
  const TrainerState now = run.trainer->Save();

  TrainerState bad = good;
  bad.weights.back().shape = {7};
  absl::Status status = run.trainer->Restore(bad);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find("critic.head.w_offset"), std::string::npos) << status;
  bad = good;
  bad.optimizer.pop_back();
  status = run.trainer->Restore(bad);
  EXPECT_NE(std::string(status.message()).find("replay.returns"), std::string::npos) << status;
  bad = good;
  bad.weights.push_back(good.weights.back());
  status = run.trainer->Restore(bad);
  EXPECT_NE(std::string(status.message()).find("critic.head.w_offset"), std::string::npos) << status;
  ExpectSameState(run.trainer->Save(), now);
}

TEST(Trainer, ReplaysNoMoreThanTheLastEpisodes) {
  TrainingRun run(SmallConfig());
  for (uint32_t update = 1; update <= 3; ++update) {
    ASSERT_TRUE(run.Update(update).ok());
    EXPECT_EQ(run.trainer->Save().scalars.replay_episodes(), update == 1 ? 6u : 12u);
  }
}

TEST(TrainerNmnSection3, KlAboveFourTargetsRestoresThePolicyBitForBit) {
  v1::RunConfig config = SmallConfig();
  TrainingRun run(config);
  ASSERT_TRUE(run.Update(1).ok());
  config.mutable_ppo()->mutable_policy()->set_learning_rate(0.3);
  TrainingRun wild(config);
  ASSERT_TRUE(wild.trainer->Restore(run.trainer->Save()).ok());
  const TrainerState before = wild.trainer->Save();
  const absl::StatusOr<UpdateReport> report = wild.Update(2);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_GT(report->kl, 0.012);
  EXPECT_TRUE(report->reverted);
  EXPECT_DOUBLE_EQ(report->beta, before.scalars.beta() * 2.25);
  const TrainerState after = wild.trainer->Save();
  EXPECT_EQ(OfRole(after.weights, "actor"), OfRole(before.weights, "actor"));
  EXPECT_EQ(OfRole(after.optimizer, "actor"), OfRole(before.optimizer, "actor"));
  EXPECT_EQ(after.scalars.policy_adam_steps(), before.scalars.policy_adam_steps());
  EXPECT_NE(OfRole(after.weights, "critic"), OfRole(before.weights, "critic"));
  EXPECT_EQ(after.scalars.consecutive_reverts(), 1u);
}

TEST(TrainerNmnSection3, PolicyThatBecameNonFiniteIsOneRevertedUpdate) {
  for (v1::RunConfig config : {SmallConfig(), ClippedConfig()}) {
    config.mutable_ppo()->mutable_policy()->set_learning_rate(std::numeric_limits<double>::infinity());
    TrainingRun run(config);
    const std::vector<float> before = run.trainer->ActorParameters();
    const absl::StatusOr<UpdateReport> report = run.Update(1);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(report->reverted);
    EXPECT_TRUE(std::isnan(report->kl));
    EXPECT_EQ(run.trainer->ActorParameters(), before);
    if (config.ppo().objective() == v1::KL_PENALTY) {
      EXPECT_DOUBLE_EQ(report->beta, 2.25);
    } else {
      EXPECT_DOUBLE_EQ(report->rate_multiplier, 1 / 1.3);
    }
  }
}

TEST(TrainerNmnSection3, TooManyRevertsInARowEndTheRun) {
  v1::RunConfig config = SmallConfig();
  config.mutable_ppo()->mutable_policy()->set_learning_rate(std::numeric_limits<double>::infinity());
  TrainingRun run(config);
  ASSERT_TRUE(run.Update(1).ok());
  ASSERT_TRUE(run.Update(2).ok());
  const TrainerState before = run.trainer->Save();
  const absl::StatusOr<UpdateReport> report = run.Update(3);
  EXPECT_EQ(report.status().code(), absl::StatusCode::kAborted);
  EXPECT_NE(std::string(report.status().message()).find("training has diverged"), std::string::npos);
  ExpectSameState(run.trainer->Save(), before);
}

TEST(TrainerNmnSection3, CriticThatBecameNonFiniteTakesBothNetworksBack) {
  v1::RunConfig config = SmallConfig();
  config.mutable_ppo()->mutable_critic()->set_learning_rate(std::numeric_limits<double>::infinity());
  TrainingRun run(config);
  const TrainerState before = run.trainer->Save();
  EXPECT_EQ(run.Update(1).status().code(), absl::StatusCode::kDataLoss);
  ExpectSameState(run.trainer->Save(), before);
}

TEST(TrainerNmnSection3, AdvantageThatIsNotFiniteTakesBothNetworksBack) {
  TrainingRun run(SmallConfig());
  const TrainerState before = run.trainer->Save();
  TrajectoryBatch batch = run.Collect(1);
  const float* recorded = batch.reward().data;
  std::vector<float> reward(recorded, recorded + batch.steps() * batch.lanes());
  reward[40] = std::numeric_limits<float>::infinity();
  batch.Set(v1::REWARD, ConstView3(reward.data(), batch.steps(), 1, batch.lanes()));
  EXPECT_EQ(run.trainer->Update(1, batch).status().code(), absl::StatusCode::kDataLoss);
  ExpectSameState(run.trainer->Save(), before);
}

TEST(Trainer, AStoppedUpdateLeavesNoTrace) {
  TrainingRun run(SmallConfig());
  ASSERT_TRUE(run.Update(1).ok());
  const TrainerState before = run.trainer->Save();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(run.Update(2, stop.get_token()).status().code(), absl::StatusCode::kCancelled);
  ExpectSameState(run.trainer->Save(), before);
}

TEST(Trainer, ThePolicyIsReadyOnceAndIsTheOneAfterTheUpdate) {
  for (const int threads : {1, 2}) {
    TrainingRun run(SmallConfig(), {.threads = threads});
    int calls = 0;
    std::vector<float> ready;
    ASSERT_TRUE(run.trainer
                    ->Update(1, run.Collect(1), {},
                             [&] {
                               ++calls;
                               ready = run.trainer->ActorParameters();
                             })
                    .ok());
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(ready, run.trainer->ActorParameters());
  }
}

TEST(Trainer, ReadsNothingOfTheBatchOnceThePolicyIsReady) {
  const v1::RunConfig config = SmallConfig();
  for (const int threads : {1, 2}) {
    TrainingRun undisturbed(config), disturbed(config, {.threads = threads});
    ASSERT_TRUE(undisturbed.Update(1).ok());
    const TrajectoryBatch batch = disturbed.Collect(1);
    // The next rollout writes over what this batch shows.
    ASSERT_TRUE(disturbed.trainer->Update(1, batch, {}, [&] { disturbed.Collect(2); }).ok());
    ExpectSameState(disturbed.trainer->Save(), undisturbed.trainer->Save());
  }
}

// lambda = 1 makes of the lambda-return the discounted sum of rewards, up to rounding.
TEST(TrainerSchulman2016, LambdaReturnWithLambdaOneIsTheDiscountedReturn) {
  v1::RunConfig config = SmallConfig();
  config.mutable_ppo()->set_trace_decay(1);
  v1::RunConfig lambda_return = config;
  lambda_return.mutable_ppo()->mutable_critic()->set_target(v1::LAMBDA_RETURN);
  TrainingRun plain(config), lambda(lambda_return);
  const TrajectoryBatch batch = plain.Collect(1);
  const double a = plain.trainer->Update(1, batch)->critic_loss;
  EXPECT_NEAR(lambda.trainer->Update(1, batch)->critic_loss, a, 1e-5 * a);
  EXPECT_EQ(lambda.trainer->ActorParameters(), plain.trainer->ActorParameters());
}

TEST(Trainer, RefusesABatchOfTheWrongShape) {
  TrainingRun run(SmallConfig());
  TrajectoryBatch batch = run.Collect(1);
  ConstView3 raw_action = batch.Of(v1::RAW_ACTION);
  raw_action.columns = 5;
  batch.Set(v1::RAW_ACTION, raw_action);
  EXPECT_EQ(run.trainer->Update(1, batch).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Trainer, RefusesWhatItCannotDo) {
  EXPECT_EQ(Trainer::Create(SmallConfig(), {.device = "tpu"}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(TrainerAsync, WithoutLagLearnsWhatSyncLearns) {
  TrainingRun sync(SmallConfig()), plain(AsyncConfig(false)), v_trace(AsyncConfig(true));
  const TrajectoryBatch batch = sync.Collect(1);
  const double loss = sync.trainer->Update(1, batch)->policy_loss;
  EXPECT_NEAR(plain.trainer->Update(1, batch)->policy_loss, loss, 1e-4);
  EXPECT_NEAR(v_trace.trainer->Update(1, batch)->policy_loss, loss, 1e-4);
  const std::vector<float> learnt = sync.trainer->ActorParameters();
  const std::vector<float> also = v_trace.trainer->ActorParameters();
  for (size_t p = 0; p < learnt.size(); ++p) ASSERT_NEAR(also[p], learnt[p], 1e-4) << "parameter " << p;
}

// The batch was played three versions ago: its distance to the policy that acted is not the step of this update.
TEST(TrainerAsync, TheKlIsMeasuredFromThePolicyBeforeTheUpdate) {
  v1::RunConfig without_brake = SmallConfig();
  without_brake.mutable_ppo()->mutable_kl_penalty()->set_kl_target(10);
  v1::RunConfig async_config = without_brake;
  async_config.set_mode(v1::ASYNC);
  TrainingRun sync(without_brake), async(async_config);
  const TrajectoryBatch batch = sync.Collect(1);
  double from_record = 0, from_before = 0;
  for (uint32_t update = 1; update <= 4; ++update) {
    from_record = sync.trainer->Update(update, batch)->kl;
    from_before = async.trainer->Update(update, batch)->kl;
  }
  EXPECT_GT(from_record, 2 * from_before);
}

TEST(TrainerAsync, VTraceChangesWhatALaggingBatchTeaches) {
  TrainingRun plain(AsyncConfig(false)), v_trace(AsyncConfig(true));
  const TrajectoryBatch batch = plain.Collect(1);
  double with = 0, without = 0;
  for (uint32_t update = 1; update <= 3; ++update) {
    without = plain.trainer->Update(update, batch)->policy_loss;
    with = v_trace.trainer->Update(update, batch)->policy_loss;
  }
  EXPECT_NE(with, without);
}

TEST(Trainer, CriticLossFallsOnEpisodesThatRepeat) {
  v1::RunConfig config = SmallConfig();
  config.mutable_ppo()->mutable_critic()->set_replay_episodes(6);
  TrainingRun run(config);
  const TrajectoryBatch batch = run.Collect(1);
  const double first = run.trainer->Update(1, batch)->critic_loss;
  double last = first;
  for (uint32_t update = 2; update <= 30; ++update) last = run.trainer->Update(update, batch)->critic_loss;
  EXPECT_LT(last, 0.2 * first);
}

// The reward is -(u - 1)^2, whatever the environment says: the policy's mean must move from 0 to 1.
TEST(Trainer, PolicyMovesToTheRewardedAction) {
  for (v1::RunConfig config : {SmallConfig(), ClippedConfig()}) {
    v1::PpoOptions& ppo = *config.mutable_ppo();
    ppo.set_kept_steps(30);
    ppo.set_discount(0.5);
    ppo.mutable_policy()->set_learning_rate(2e-3);
    config.mutable_work()->set_max_consecutive_reverts(100);
    TrainingRun run(config);
    double mean = 0;
    for (uint32_t update = 1; update <= 40; ++update) {
      TrajectoryBatch batch = run.Collect(update);
      std::vector<float> reward(batch.steps() * batch.lanes());
      mean = 0;
      for (size_t t = 0; t < batch.steps(); ++t) {
        for (size_t e = 0; e < batch.lanes(); ++e) {
          const float miss = batch.raw_action()(t, e) - 1;
          reward[t * batch.lanes() + e] = -miss * miss;
          mean += batch.Scalar(v1::MEAN)(t, e) / static_cast<double>(reward.size());
        }
      }
      batch.Set(v1::REWARD, ConstView3(reward.data(), batch.steps(), 1, batch.lanes()));
      ASSERT_TRUE(run.trainer->Update(update, batch).ok());
    }
    EXPECT_GT(mean, 0.3) << v1::Objective_Name(config.ppo().objective());
  }
}

}  // namespace
}  // namespace nmn::ppo
