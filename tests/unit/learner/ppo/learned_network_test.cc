#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "learner/ppo/network.h"
#include "learner/ppo/torch_runtime.h"
#include "learner/ppo/twin_network.h"
#include "tests/unit/learner/ppo/near.h"
#include "tests/unit/learner/ppo/networks.h"

namespace nmn::ppo {
namespace {

LearnedNetwork SmallCritic(const v1::NetworkOptions& options = EveryNetwork().front().options) {
  LearnedNetwork network;
  network.spec = *nn::MakeNetworkSpec(options, nn::Role::kCritic, 2, nn::BoxOf(1));
  network.model = std::make_unique<TwinNetwork>(network.spec);
  network.parameters =
      Pseudorandom({static_cast<int64_t>(network.spec.parameter_count)}, 0.3, 5, at::kFloat).set_requires_grad(true);
  network.adam = AdamState::Like(network.parameters);
  return network;
}

SegmentBatch Segments(const nn::NetworkSpec& spec, int64_t count) {
  return {RandomInputs(spec, 6, count, at::kFloat), RandomState(spec, count, at::kFloat)};
}

StepOptions Plain() {
  StepOptions options;
  options.adam.set_beta1(0.9);
  options.adam.set_beta2(0.999);
  options.adam.set_epsilon(1e-8);
  return options;
}

// The network's next step, on the segments of `index`.
PlannedStep Next(const LearnedNetwork& network, const std::vector<int64_t>& index, double rate) {
  return {at::tensor(index, at::kLong), AdamFactors(Plain().adam, rate, network.adam.steps + 1, 1)[0]};
}

at::Tensor SquaredOutput(const at::Tensor& output, const at::Tensor&) { return output.select(1, 0).square(); }

TEST(DescendOnce, SumsGroupsToTheGradientOfTheWholeMinibatch) {
  LearnedNetwork network = SmallCritic();
  const SegmentBatch all = Segments(network.spec, 250);  // more than two groups
  const at::Tensor leaf = network.parameters.detach().clone().set_requires_grad(true);
  const at::Tensor loss = network.model->Forward(leaf, all.input, all.start).output.square().mean();
  loss.backward();

  std::vector<int64_t> index(250);
  std::iota(index.begin(), index.end(), 0);
  const StepResult step = DescendOnce(network, all, Next(network, index, 0.0), Plain(), SquaredOutput);
  EXPECT_NEAR(step.loss.item<double>(), loss.item<double>(), 1e-6);
  EXPECT_TRUE(Near(network.parameters.grad(), leaf.grad(), 1e-6));
  EXPECT_NEAR(step.gradient_norm.item<double>(), leaf.grad().norm().item<double>(), 1e-6);
}

TEST(DescendOnce, ReadsOnlyTheSegmentsOfItsMinibatch) {
  LearnedNetwork whole = SmallCritic();
  LearnedNetwork part = SmallCritic();
  const SegmentBatch all = Segments(whole.spec, 9);
  SegmentBatch poisoned = all;
  poisoned.input.main_input = all.input.main_input.clone();
  poisoned.input.main_input.select(2, 4).fill_(NAN);
  const std::vector<int64_t> index = {7, 1, 5};
  DescendOnce(whole, all, Next(whole, index, 1e-3), Plain(), SquaredOutput);
  DescendOnce(part, poisoned, Next(part, index, 1e-3), Plain(), SquaredOutput);
  EXPECT_TRUE(at::equal(whole.parameters.detach(), part.parameters.detach()));
}

TEST(DescendOnce, LeavesWhatIsNotLearnedAsItIs) {
  v1::NetworkOptions options = EveryNetwork().front().options;
  options.set_formula(v1::FORMULA_REFERENCE);
  options.set_modulation(v1::OFFSET_ONLY);
  options.set_frozen_modulator(true);
  LearnedNetwork network = SmallCritic(options);
  const SegmentBatch all = Segments(network.spec, 4);
  const at::Tensor before = network.parameters.detach().clone();
  const std::vector<int64_t> index = {0, 1, 2, 3};
  const StepResult step = DescendOnce(network, all, Next(network, index, 1e-2), Plain(), SquaredOutput);
  double squares = 0;
  for (const nn::TensorSpec& tensor : network.spec.tensors) {
    const auto of = [&](const at::Tensor& flat) {
      return flat.narrow(0, static_cast<int64_t>(tensor.offset), static_cast<int64_t>(tensor.size));
    };
    EXPECT_EQ(at::equal(of(network.parameters.detach()), of(before)), !tensor.is_learned) << tensor.name;
    const bool is_of_ablation =
        tensor.name.starts_with("gru") || tensor.name.starts_with("signal") || tensor.name.ends_with(".w_scale");
    EXPECT_EQ(tensor.is_learned, !is_of_ablation) << tensor.name;
    if (tensor.is_learned) squares += of(network.parameters.grad()).square().sum().item<double>();
  }
  EXPECT_NEAR(step.gradient_norm.item<double>(), std::sqrt(squares), 1e-6);
}

TEST(LearnedNetwork, ReturnsToASnapshotBitForBit) {
  LearnedNetwork network = SmallCritic();
  const SegmentBatch all = Segments(network.spec, 4);
  const std::vector<int64_t> index = {0, 1, 2, 3};
  DescendOnce(network, all, Next(network, index, 1e-2), Plain(), SquaredOutput);
  LearnedNetwork::Snapshot snapshot = network.Take();
  const at::Tensor before = snapshot.parameters.clone();
  DescendOnce(network, all, Next(network, index, 1e-2), Plain(), SquaredOutput);
  const at::Tensor after = network.parameters.detach().clone();
  network.Return(std::move(snapshot));
  EXPECT_TRUE(at::equal(network.parameters.detach(), before));
  EXPECT_FALSE(at::equal(after, before));
  DescendOnce(network, all, Next(network, index, 1e-2), Plain(),
              SquaredOutput);  // the same step again, from the same moments
  EXPECT_TRUE(at::equal(network.parameters.detach(), after));
}

TEST(FindDevice, TakesTheCpuAndRefusesOtherNames) {
  EXPECT_TRUE(FindDevice("cpu").ok());
  for (const char* name : {"", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:1000"}) {
    EXPECT_EQ(FindDevice(name).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST(FindDevice, SaysInOneLineWhatToDoWithoutCuda) {
  const absl::Status status = FindDevice("cuda:0").status();
  if (status.ok()) GTEST_SKIP() << "this machine has a CUDA device";
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(std::string(status.message()).rfind("--device=cuda:0: no CUDA device", 0), 0u) << status;
  EXPECT_NE(std::string(status.message()).find("use --device=cpu"), std::string::npos);
}

}  // namespace
}  // namespace nmn::ppo
