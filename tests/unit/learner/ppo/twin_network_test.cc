#include "learner/ppo/twin_network.h"

#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "learner/ppo/sequences.h"
#include "tests/unit/learner/ppo/near.h"
#include "tests/unit/learner/ppo/networks.h"

namespace nmn::ppo {
namespace {

constexpr int64_t kTime = 5;
constexpr int64_t kSequences = 3;

class EveryTwin : public testing::TestWithParam<NamedOptions> {
 protected:
  nn::NetworkSpec Spec(nn::Role role = nn::Role::kActor) const {
    return *nn::MakeNetworkSpec(GetParam().options, role, 2, nn::BoxOf(1));
  }
  static at::Tensor Parameters(const nn::NetworkSpec& spec) {
    return Pseudorandom({static_cast<int64_t>(spec.parameter_count)}, 0.8, 5, at::kDouble);
  }
};

TEST_P(EveryTwin, GradientsAreThoseOfFiniteDifferences) {
  const nn::NetworkSpec spec = Spec();
  TwinNetwork twin(spec);
  const Sequences input = RandomInputs(spec, kTime, kSequences, at::kDouble);
  const CarriedState start = RandomState(spec, kSequences, at::kDouble);
  const at::Tensor weights = Pseudorandom({kTime, spec.output_size, kSequences}, 1.0, 6, at::kDouble);
  const auto loss_at = [&](const at::Tensor& parameters) {
    return (twin.Forward(parameters, input, start).output * weights).sum();
  };

  const at::Tensor leaf = Parameters(spec).set_requires_grad(true);
  loss_at(leaf).backward();
  const at::Tensor gradient = leaf.grad();
  ASSERT_GT(gradient.abs().max().item<double>(), 0.1);

  const c10::NoGradGuard no_grad;
  const at::Tensor moved = Parameters(spec);
  double* value = moved.data_ptr<double>();
  constexpr double kStep = 1e-6;
  for (size_t i = 0; i < spec.parameter_count; ++i) {
    const double centre = value[i];
    value[i] = centre + kStep;
    const double above = loss_at(moved).item<double>();
    value[i] = centre - kStep;
    const double below = loss_at(moved).item<double>();
    value[i] = centre;
    EXPECT_NEAR(gradient[static_cast<int64_t>(i)].item<double>(), (above - below) / (2 * kStep), 1e-7)
        << "parameter " << i;
  }
}

TEST_P(EveryTwin, PiecesCarryOnWhereTheWholePassStood) {
  const nn::NetworkSpec spec = Spec();
  TwinNetwork twin(spec);
  const at::Tensor parameters = Parameters(spec);
  const Sequences episodes = RandomInputs(spec, 12, kSequences, at::kDouble);
  const EpisodePass pieces = RunEpisodes(twin, parameters, episodes, 4);
  const SequenceOutput whole = twin.Forward(parameters, episodes, twin.ZeroState(parameters, kSequences));
  EXPECT_TRUE(Near(pieces.output, whole.output, 1e-12));
  for (int64_t segment = 0; segment < 3; ++segment) {
    CarriedState expected = twin.ZeroState(parameters, kSequences);
    if (segment > 0) {
      const Sequences before{episodes.recurrent_input.narrow(0, 0, 4 * segment),
                             episodes.main_input.narrow(0, 0, 4 * segment)};
      expected = twin.Forward(parameters, before, expected).end;
    }
    EXPECT_TRUE(Near(pieces.starts.state.narrow(1, segment * kSequences, kSequences), expected.state, 1e-12));
    ASSERT_EQ(pieces.starts.signal.defined(), spec.options.signal_lag());
    if (spec.options.signal_lag()) {
      EXPECT_TRUE(Near(pieces.starts.signal.narrow(1, segment * kSequences, kSequences), expected.signal, 1e-12));
    }
  }
}

TEST_P(EveryTwin, SegmentsGiveTheOutputsOfTheWholePass) {
  const nn::NetworkSpec spec = Spec(nn::Role::kCritic);
  TwinNetwork twin(spec);
  const at::Tensor parameters = Parameters(spec);
  const Sequences episodes = RandomInputs(spec, 8, kSequences, at::kDouble);
  const EpisodePass pass = RunEpisodes(twin, parameters, episodes, 4);
  const SegmentBatch segments{CutIntoSegments(episodes, 4), pass.starts};
  EXPECT_TRUE(
      Near(twin.Forward(parameters, segments.input, segments.start).output, CutIntoSegments(pass.output, 4), 1e-12));

  const at::Tensor index = at::arange(5, 0, -2, at::kLong);
  const SegmentBatch some = Select(segments, index);
  EXPECT_TRUE(Near(twin.Forward(parameters, some.input, some.start).output,
                   CutIntoSegments(pass.output, 4).index_select(2, index), 1e-12));
}

INSTANTIATE_TEST_SUITE_P(Options, EveryTwin, testing::ValuesIn(EveryNetwork()),
                         [](const auto& info) { return info.param.name; });

TEST(TwinNetworkNmnSection2, PaperFormulaGivesZeroAtTheFirstStepOfAnUntrainedNetwork) {
  nn::NetworkSpec spec = *nn::MakeNetworkSpec(EveryNetwork().front().options, nn::Role::kActor, 2, nn::BoxOf(1));
  const at::Tensor parameters = Pseudorandom({static_cast<int64_t>(spec.parameter_count)}, 0.1, 5, at::kFloat);
  for (const nn::TensorSpec& tensor : spec.tensors) {
    if (tensor.is_bias)
      parameters.narrow(0, static_cast<int64_t>(tensor.offset), static_cast<int64_t>(tensor.size)).zero_();
  }
  TwinNetwork twin(spec);
  Sequences input = RandomInputs(spec, 1, 3, at::kFloat);
  input.recurrent_input.zero_();
  EXPECT_TRUE(Near(twin.Forward(parameters, input, twin.ZeroState(parameters, 3)).output, at::zeros({1, 2, 3}), 0));
}

}  // namespace
}  // namespace nmn::ppo
