// The three forward passes against each other: common/nn (what actors run), learner/bptt (what trains on the CPU) and
// the LibTorch twin.

#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <tuple>

#include "actor/rollout.h"
#include "common/config/config.h"
#include "common/nn/denormals.h"
#include "common/nn/plain_forward.h"
#include "common/nn/policy_forward.h"
#include "common/trajectory/step_inputs.h"
#include "learner/bptt/thread_pool.h"
#include "learner/ppo/gaussian.h"
#include "learner/ppo/network.h"
#include "learner/ppo/normalizing_model.h"
#include "learner/ppo/sequences.h"
#include "learner/ppo/twin_network.h"
#include "learner/ppo/unrolled_network.h"
#include "tests/unit/common/nn/options.h"
#include "tests/unit/learner/ppo/near.h"
#include "tests/unit/learner/ppo/networks.h"

namespace nmn::ppo {
namespace {

constexpr int64_t kTime = 12;
constexpr int64_t kSequences = 5;

std::vector<NamedOptions> SmallAndBenchmarkNetworks() {
  std::vector<NamedOptions> all = EveryNetwork();
  for (int benchmark = 1; benchmark <= 3; ++benchmark) {
    const std::string suffix = "_b" + std::to_string(benchmark);
    all.push_back({"reference" + suffix, nn::ReferenceNmn(benchmark)});
    all.push_back({"paper" + suffix, nn::PaperNmn(benchmark)});
    all.push_back({"rnn" + suffix, nn::Rnn(benchmark)});
  }
  return all;
}

v1::ActionSpace Choices(const std::vector<uint32_t>& choices) {
  v1::ActionSpace space;
  for (const uint32_t n : choices) space.mutable_multi_discrete()->add_choices(n);
  return space;
}

v1::ActionSpace Discrete(uint32_t choices) {
  v1::ActionSpace space;
  space.set_discrete(choices);
  return space;
}

// Some steps of some episodes as actors record them.
class Episodes {
 public:
  Episodes(const v1::ActionSpace& space, bool has_trials)
      : coding_(space),
        x_(Pseudorandom({kTime, 2, kSequences}, 2.0, 1, at::kFloat)),
        action_(Pseudorandom({kTime, coding_.recorded_width(), kSequences}, 2.0, 2, at::kFloat)),
        reward_(Pseudorandom({kTime, 1, kSequences}, 2.0, 3, at::kFloat)),
        trial_end_(Pseudorandom({kTime, 1, kSequences}, 1.5, 4, at::kFloat).add(1.5).floor()),  // 0, 1 or 2
        batch_(trajectory::TrajectoryLayout::OfRule(
            2, space, has_trials ? trajectory::TrialFields::kEnd : trajectory::TrialFields::kNone)) {
    // Pseudorandom indices of choices.
    for (size_t i = 0; i < coding_.choices().size(); ++i) {
      const at::Tensor component = action_.select(1, static_cast<int64_t>(i));
      component.copy_(((component + 2) / 4 * static_cast<int64_t>(coding_.choices()[i])).floor());
    }
    for (const auto& [id, tensor] : {std::pair{v1::OBSERVATION, x_}, {v1::ACTION, action_}, {v1::REWARD, reward_}})
      batch_.Set(id, {tensor.data_ptr<float>(), kTime, static_cast<size_t>(tensor.size(1)), kSequences});
    if (has_trials) batch_.Set(v1::TRIAL_END, {trial_end_.data_ptr<float>(), kTime, 1, kSequences});
  }

  const trajectory::TrajectoryBatch& batch() const { return batch_; }

 private:
  const nn::ActionCoding coding_;
  const at::Tensor x_, action_, reward_, trial_end_;
  trajectory::TrajectoryBatch batch_;
};

class Parity : public testing::TestWithParam<NamedOptions> {
 protected:
  static at::Tensor Parameters(const nn::NetworkSpec& spec) {
    at::Tensor parameters = Pseudorandom({static_cast<int64_t>(spec.parameter_count)}, 0.2, 5, at::kFloat);
    for (const nn::TensorSpec& tensor : spec.tensors) {  // a deviation is above 0
      if (tensor.begins_at == 1.0f)
        parameters.narrow(0, static_cast<int64_t>(tensor.offset), static_cast<int64_t>(tensor.size)).abs_().add_(0.15);
    }
    return parameters;
  }
};

TEST_P(Parity, AllThreeReadTheSameRecordOfEveryKindOfAction) {
  v1::NormalizeOptions as_it_is, all, rewards;
  all.set_observation(true);
  all.set_reward(true);
  rewards.set_reward(true);
  for (const auto& [space, has_trials, normalize] :
       std::vector<std::tuple<v1::ActionSpace, bool, v1::NormalizeOptions>>{{nn::BoxOf(1), false, as_it_is},
                                                                            {nn::BoxOf(3), true, as_it_is},
                                                                            {Choices({3, 2}), false, as_it_is},
                                                                            {Choices({3, 2}), true, all},
                                                                            {nn::BoxOf(1), false, rewards}}) {
    for (const nn::Role role : {nn::Role::kActor, nn::Role::kCritic}) {
      SCOPED_TRACE(space.ShortDebugString() + (has_trials ? " with trials" : "") + normalize.ShortDebugString());
      const nn::NetworkSpec spec = *nn::MakeNetworkSpec(GetParam().options, role, 2, space, has_trials, normalize);
      const at::Tensor parameters = Parameters(spec);
      const Episodes episodes(space, has_trials);
      const Sequences input = EpisodeInputs(spec, episodes.batch());
      const std::unique_ptr<SequenceModel> twin = Normalizing(spec, std::make_unique<TwinNetwork>(spec));
      const at::Tensor expected =
          twin->Forward(parameters, input, twin->ZeroState(parameters, kSequences)).output.contiguous();
      if (!nn::NeedsPlainCode(spec.options)) {
        const c10::NoGradGuard no_grad;
        const std::unique_ptr<SequenceModel> unrolled =
            Normalizing(spec, *UnrolledNetwork::Create(spec, std::make_shared<bptt::ThreadPool>(1)));
        const CarriedState zero = unrolled->ZeroState(parameters, kSequences);
        EXPECT_TRUE(Near(unrolled->Forward(parameters, input, zero).output, expected, 1e-5));
      }
      const nn::ScopedFlushDenormals flush;
      const auto forward = *nn::PolicyForward::Create(spec, kSequences);
      forward->SetParameters({parameters.data_ptr<float>(), spec.parameter_count});
      forward->Reset(kSequences);
      trajectory::StepInputs inputs(spec, kSequences);
      for (int64_t t = 0; t < kTime; ++t) {
        const at::Tensor output = at::empty({int64_t{spec.output_size}, kSequences});
        inputs.Step(episodes.batch(), static_cast<size_t>(t), *forward,
                    View2(output.data_ptr<float>(), spec.output_size, kSequences));
        if (spec.head != nullptr) spec.head->Finish(View2(expected[t].data_ptr<float>(), spec.output_size, kSequences));
        EXPECT_TRUE(Near(output, expected[t], 1e-5)) << "step " << t;
      }
    }
  }
}

TEST_P(Parity, HandWrittenLoopHasTheTwinsOutputsEndsAndGradients) {
  // More than one number of an action changes the sizes alone.
  for (const nn::Role role : {nn::Role::kActor, nn::Role::kCritic}) {
    const nn::NetworkSpec spec =
        *nn::MakeNetworkSpec(GetParam().options, role, 2, role == nn::Role::kActor ? nn::BoxOf(3) : nn::BoxOf(1));
    if (nn::NeedsPlainCode(spec.options)) {
      EXPECT_EQ(UnrolledNetwork::Create(spec, std::make_shared<bptt::ThreadPool>(1)).status().code(),
                absl::StatusCode::kUnimplemented);
      continue;
    }
    const Sequences input = RandomInputs(spec, kTime, kSequences, at::kFloat);
    const CarriedState start = RandomState(spec, kSequences, at::kFloat);
    const at::Tensor weights = Pseudorandom({kTime, spec.output_size, kSequences}, 1.0, 6, at::kFloat);
    TwinNetwork twin(spec);
    const std::unique_ptr<UnrolledNetwork> unrolled =
        *UnrolledNetwork::Create(spec, std::make_shared<bptt::ThreadPool>(1));

    const at::Tensor twin_leaf = Parameters(spec).set_requires_grad(true);
    const SequenceOutput expected = twin.Forward(twin_leaf, input, start);
    (expected.output * weights).sum().backward();
    const at::Tensor leaf = Parameters(spec).set_requires_grad(true);
    const SequenceOutput actual = unrolled->Forward(leaf, input, start);
    (actual.output * weights).sum().backward();
    unrolled->Backward(leaf, actual);

    EXPECT_TRUE(Near(actual.output.detach(), expected.output.detach(), 1e-5));
    EXPECT_TRUE(Near(actual.end.state, expected.end.state, 1e-5));
    ASSERT_EQ(actual.end.signal.defined(), expected.end.signal.defined());
    if (actual.end.signal.defined()) {
      EXPECT_TRUE(Near(actual.end.signal, expected.end.signal, 1e-5));
    }
    const double largest = twin_leaf.grad().abs().max().item<double>();
    ASSERT_GT(largest, 0.1);
    EXPECT_TRUE(Near(leaf.grad(), twin_leaf.grad(), 1e-5 * std::max(1.0, largest)));

    const c10::NoGradGuard no_grad;
    const SequenceOutput without_gradient = unrolled->Forward(leaf, input, start);
    EXPECT_TRUE(Near(without_gradient.output, expected.output, 1e-5));
    EXPECT_TRUE(Near(without_gradient.end.state, expected.end.state, 1e-5));
  }
}

INSTANTIATE_TEST_SUITE_P(Options, Parity, testing::ValuesIn(SmallAndBenchmarkNetworks()),
                         [](const auto& info) { return info.param.name; });

TEST(UnrolledNetwork, RefusesToGoBackwardThroughAForgottenPass) {
  const nn::NetworkSpec spec = *nn::MakeNetworkSpec(nn::ReferenceNmn(1), nn::Role::kCritic, 1, nn::BoxOf(1));
  const std::unique_ptr<UnrolledNetwork> network =
      *UnrolledNetwork::Create(spec, std::make_shared<bptt::ThreadPool>(1));
  const at::Tensor leaf =
      Pseudorandom({static_cast<int64_t>(spec.parameter_count)}, 0.2, 5, at::kFloat).set_requires_grad(true);
  const Sequences input = RandomInputs(spec, kTime, kSequences, at::kFloat);
  const SequenceOutput first = network->Forward(leaf, input, network->ZeroState(leaf, kSequences));
  network->Forward(leaf, input, network->ZeroState(leaf, kSequences));
  first.output.sum().backward();
  EXPECT_THROW(network->Backward(leaf, first), c10::Error);
}

// Acceptance: what the actor recorded is what the learner finds, whoever computes it.
TEST(Record, LogProbabilitiesOfTheActorAreThoseOfTheLearner) {
  for (const char* preset : {"reference", "paper", "fast"}) {
    for (const char* benchmark : {"b1", "b2", "b3"}) {
      for (const char* architecture : {"nmn", "rnn"}) {
        v1::RunConfig config = *config::Preset(preset, benchmark, architecture);
        config.mutable_env()->set_horizon(100);
        config.mutable_ppo()->set_rollout_steps(0);
        const auto engine = *actor::RolloutEngine::Create(config, 8);
        const env::EnvironmentSpec environment = *env::FindSpec(benchmark);
        const nn::NetworkSpec spec =
            *nn::MakeNetworkSpec(config.network(), nn::Role::kActor, environment.observation_size, environment.action);
        const at::Tensor parameters = ParameterLeaf(nn::InitialParameters(spec, 3), at::kCPU);
        engine->SetParameters({parameters.data_ptr<float>(), spec.parameter_count}, 1);
        const actor::RolloutResult r = *engine->Run({.seed = 3, .update = 1}, 8);
        const Sequences inputs = EpisodeInputs(spec, r.trajectories);
        const at::Tensor u = ToTensor(r.trajectories, v1::RAW_ACTION);
        const at::Tensor recorded =
            LogProbability(Gaussian(ToTensor(r.trajectories, v1::MEAN), ToTensor(r.trajectories, v1::LOG_VARIANCE)), u);

        const c10::NoGradGuard no_grad;
        TwinNetwork twin(spec);
        const std::unique_ptr<UnrolledNetwork> unrolled =
            *UnrolledNetwork::Create(spec, std::make_shared<bptt::ThreadPool>(1));
        for (SequenceModel* model : std::initializer_list<SequenceModel*>{&twin, unrolled.get()}) {
          const at::Tensor output = model->Forward(parameters, inputs, model->ZeroState(parameters, 8)).output;
          EXPECT_TRUE(Near(LogProbability(PolicyOf(output, spec), u), recorded, 1e-4))
              << preset << " " << benchmark << " " << architecture;
        }
      }
    }
  }
}

// The two forms of a head, over the same parameters and actions.
class HeadParity : public testing::TestWithParam<v1::ActionSpace> {};

TEST_P(HeadParity, TheActorsFormIsTheLearners) {
  constexpr size_t kLanes = 103;
  v1::NetworkOptions options;
  options.set_min_log_variance(-3);
  options.set_max_log_variance(1);
  const std::shared_ptr<const nn::PolicyHead> head = nn::MakePolicyHead(GetParam(), options);
  const std::shared_ptr<const PolicyHead> learners = MakePolicyHead(GetParam(), options);
  const auto outputs = [&](uint32_t purpose) {
    return Pseudorandom({1, head->parameter_count(), static_cast<int64_t>(kLanes)}, 3.0, purpose, at::kFloat);
  };
  const auto finished = [&](const at::Tensor& output) {
    const at::Tensor copy = output.clone();
    head->Finish(View2(copy.data_ptr<float>(), head->parameter_count(), kLanes));
    return copy;
  };
  const auto view = [&](const at::Tensor& parameters) {
    return ConstView2(parameters.data_ptr<float>(), head->parameter_count(), kLanes);
  };
  const at::Tensor one = outputs(1), other = outputs(2);
  const at::Tensor actor_one = finished(one), actor_other = finished(other);
  const Policy learner_one{learners, learners->Finish(one)}, learner_other{learners, learners->Finish(other)};
  at::Tensor u = at::empty({1, head->action_width(), static_cast<int64_t>(kLanes)});
  const View2 u_view(u.data_ptr<float>(), head->action_width(), kLanes);
  ASSERT_TRUE(head->MakeSampler(kLanes)->Sample({.seed = 3}, view(actor_one), u_view));
  if (head->action_width() == 1) u = u[0];

  size_t place = 0;
  for (const nn::ParameterField& field : head->fields()) {
    const at::Tensor rows = actor_one[0].narrow(0, field.first_row, field.width);
    EXPECT_TRUE(Near(rows.flatten(), learner_one.parameters[place++].flatten(), 1e-5));
  }
  EXPECT_EQ(place, learner_one.parameters.size());
  const at::Tensor out = at::empty({1, static_cast<int64_t>(kLanes)});
  const auto expect_near = [&](const at::Tensor& learners_result) {
    const double largest = learners_result.abs().max().item<double>();
    EXPECT_TRUE(Near(out, learners_result, 1e-5 * std::max(1.0, largest)));
  };
  head->LogProbability(view(actor_one), u_view, out.data_ptr<float>());
  expect_near(LogProbability(learner_one, u));
  head->Entropy(view(actor_one), out.data_ptr<float>());
  expect_near(Entropy(learner_one));
  head->KlDivergence(view(actor_one), view(actor_other), out.data_ptr<float>());
  expect_near(KlDivergence(learner_one, learner_other));
}

INSTANTIATE_TEST_SUITE_P(Spaces, HeadParity,
                         testing::Values(nn::BoxOf(1), nn::BoxOf(3), Discrete(2), Discrete(11), Choices({4}),
                                         Choices({3, 2, 7})));

// Of each head: the gradients of log-probability, entropy and divergence are those of central differences.
class HeadGradients : public testing::TestWithParam<v1::ActionSpace> {};

TEST_P(HeadGradients, AreThoseOfCentralDifferences) {
  constexpr int64_t kSamples = 5;
  const std::shared_ptr<const PolicyHead> head = MakePolicyHead(GetParam(), {});
  const std::shared_ptr<const nn::PolicyHead> actors = nn::MakePolicyHead(GetParam(), {});
  const int64_t rows = actors->parameter_count();
  const at::Tensor output = Pseudorandom({1, rows, kSamples}, 1.5, 4, at::kDouble);
  const Policy from{head, head->Finish(Pseudorandom({1, rows, kSamples}, 1.5, 5, at::kDouble))};
  at::Tensor u = at::empty({1, actors->action_width(), kSamples});
  const at::Tensor sampled_from = output.to(at::kFloat).contiguous();
  actors->Finish(View2(sampled_from.data_ptr<float>(), rows, kSamples));
  ASSERT_TRUE(actors->MakeSampler(kSamples)->Sample(
      {.seed = 8}, {sampled_from.data_ptr<float>(), static_cast<size_t>(rows), kSamples},
      {u.data_ptr<float>(), actors->action_width(), kSamples}));
  if (actors->action_width() == 1) u = u[0];
  u = u.to(at::kDouble);
  // Weights, so that no two samples can stand for each other.
  const at::Tensor weight = Pseudorandom({1, kSamples}, 1.0, 6, at::kDouble);
  const auto results = [&](const at::Tensor& raw) {
    const Policy policy{head, head->Finish(raw)};
    return std::vector<at::Tensor>{(weight * LogProbability(policy, u)).sum(), (weight * Entropy(policy)).sum(),
                                   (weight * KlDivergence(from, policy)).sum()};
  };
  for (size_t which = 0; which < 3; ++which) {
    const at::Tensor leaf = output.clone().set_requires_grad(true);
    results(leaf)[which].backward();
    const c10::NoGradGuard no_grad;
    for (int64_t i = 0; i < output.numel(); ++i) {
      constexpr double kStep = 1e-5;
      const auto at_distance = [&](double distance) {
        const at::Tensor moved = output.clone();
        moved.view({-1})[i] += distance;
        return results(moved)[which].item<double>();
      };
      const double expected = (at_distance(kStep) - at_distance(-kStep)) / (2 * kStep);
      EXPECT_NEAR(leaf.grad().view({-1})[i].item<double>(), expected, 1e-7 * std::max(1.0, std::abs(expected)))
          << "result " << which << ", element " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Spaces, HeadGradients,
                         testing::Values(nn::BoxOf(1), nn::BoxOf(3), Discrete(5), Choices({3, 2, 4})));

}  // namespace
}  // namespace nmn::ppo
