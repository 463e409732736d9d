#include "learner/ppo/final_values.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "common/nn/action_space.h"
#include "common/nn/plain_forward.h"
#include "learner/bptt/thread_pool.h"
#include "learner/ppo/twin_network.h"
#include "learner/ppo/unrolled_network.h"
#include "tests/unit/learner/ppo/near.h"
#include "tests/unit/learner/ppo/networks.h"
#include "tests/unit/learner/ppo/transfer_counter.h"

namespace nmn::ppo {
namespace {

constexpr int64_t kTime = 8;
constexpr int64_t kEpisodes = 3;
constexpr int64_t kObservation = 2;

// Episodes of a task with trials, some of which are truncated: two in one step, two in steps that follow each other,
// and one in the last.
struct Record {
  Record()
      : batch(trajectory::TrajectoryLayout::OfRule(kObservation, nn::BoxOf(1),
                                                   trajectory::TrialFields::kEndAndFinalObservation)) {
    for (const auto& [t, e] : {std::pair{2, 0}, {2, 2}, {4, 1}, {5, 1}, {7, 0}}) end[t][0][e] = env::kTruncated;
    end[3][0][0] = env::kTerminated;
    final_x.mul_((end == env::kTruncated).to(at::kFloat));
    for (const auto& [id, tensor] : {std::pair{v1::OBSERVATION, x},
                                     {v1::ACTION, action},
                                     {v1::REWARD, reward},
                                     {v1::TRIAL_END, end},
                                     {v1::FINAL_OBSERVATION, final_x}})
      batch.Set(id, {tensor.data_ptr<float>(), kTime, static_cast<size_t>(tensor.size(1)), kEpisodes});
  }

  at::Tensor x = Pseudorandom({kTime, kObservation, kEpisodes}, 2.0, 1, at::kFloat);
  at::Tensor action = Pseudorandom({kTime, 1, kEpisodes}, 2.0, 2, at::kFloat);
  at::Tensor reward = Pseudorandom({kTime, 1, kEpisodes}, 2.0, 3, at::kFloat);
  at::Tensor end = at::zeros({kTime, 1, kEpisodes});
  at::Tensor final_x = Pseudorandom({kTime, kObservation, kEpisodes}, 2.0, 4, at::kFloat);
  trajectory::TrajectoryBatch batch;
};

class FinalValuesTest : public testing::TestWithParam<NamedOptions> {};

// Each is what the critic says at t + 1 of an episode that shows there what the truncated trial would have.
TEST_P(FinalValuesTest, AreThoseOfAnEpisodeThatGoesOnWithTheFinalObservation) {
  LearnedNetwork critic;
  critic.spec = *nn::MakeNetworkSpec(GetParam().options, nn::Role::kCritic, kObservation, nn::BoxOf(1), true);
  critic.parameters = Pseudorandom({static_cast<int64_t>(critic.spec.parameter_count)}, 0.3, 5, at::kFloat);
  Record record;
  for (const bool by_hand : {false, true}) {
    if (by_hand && nn::NeedsPlainCode(critic.spec.options)) continue;
    if (by_hand) {
      critic.model = *UnrolledNetwork::Create(critic.spec, std::make_shared<bptt::ThreadPool>(1));
    } else {
      critic.model = std::make_unique<TwinNetwork>(critic.spec);
    }
    const auto values = [&] {
      const TransferCounter counter;
      at::Tensor found = FinalValues(critic, record.batch);
      EXPECT_EQ(counter.reads(), 1);    // of all steps together
      EXPECT_EQ(counter.uploads(), 5);  // two inputs of what was seen and of what would have been, and the episodes
      EXPECT_EQ(counter.others(), 0);
      return found;
    }();
    int found = 0;
    for (int64_t t = 0; t < kTime; ++t) {
      for (int64_t e = 0; e < kEpisodes; ++e) {
        const bool counts = t + 1 < kTime && record.end[t][0][e].item<float>() == env::kTruncated;
        if (!counts) {
          EXPECT_EQ(values[t][e].item<float>(), 0) << t << " " << e;
          continue;
        }
        ++found;
        Record other;
        other.x[t + 1].copy_(record.final_x[t]);
        const at::Tensor expected =
            RunEpisodes(*critic.model, critic.parameters, EpisodeInputs(critic.spec, other.batch), kTime).output;
        EXPECT_NEAR(values[t][e].item<float>(), expected[t + 1][0][e].item<float>(), 1e-5) << t << " " << e;
        EXPECT_GT(std::abs(values[t][e].item<float>()), 0);
      }
    }
    EXPECT_EQ(found, 4);
  }
}

INSTANTIATE_TEST_SUITE_P(Options, FinalValuesTest, testing::ValuesIn(EveryNetwork()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace nmn::ppo
