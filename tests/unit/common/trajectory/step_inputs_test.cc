#include "common/trajectory/step_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace nmn::trajectory {
namespace {

using testing::ElementsAre;

constexpr size_t kLanes = 2;

std::vector<float> Numbers(ConstView2 view) { return {view.data, view.data + view.rows * view.columns}; }

// Keeps what it reads.
class Listener final : public nn::PolicyForward {
 public:
  explicit Listener(nn::NetworkSpec spec) : spec_(std::move(spec)) {}

  const nn::NetworkSpec& spec() const override { return spec_; }
  void SetParameters(std::span<const float> /*parameters*/) override {}
  void SetHead(std::shared_ptr<const nn::PolicyHead> /*head*/) override {}
  void Reset(size_t /*lanes*/) override {}
  void Step(const nn::StepInput& input, View2 /*output*/) override {
    x = Numbers(input.observation);
    a = Numbers(input.previous_action);
    r.assign(input.previous_reward, input.previous_reward + input.observation.columns);
    last_x = Numbers(input.previous_observation);
    ends = Numbers(input.previous_trial_end);
  }
  ConstView2 signal() const override { return {}; }
  ConstView2 state() const override { return {}; }

  std::vector<float> x, a, r, last_x, ends;

 private:
  const nn::NetworkSpec spec_;
};

nn::NetworkSpec Spec(const v1::ActionSpace& space, bool has_trials = false) {
  v1::NetworkOptions options;
  options.set_architecture(v1::RNN);
  options.set_main_activation(v1::SIGMOID);
  options.add_recurrent_sizes(2);
  return *nn::MakeNetworkSpec(options, nn::Role::kActor, 1, space, has_trials);
}

// Two steps of two episodes: the second is still to be filled, but for its observation.
TrajectoryBatch Record(const v1::ActionSpace& space, const std::vector<float>& action) {
  static const std::vector<float> kObservation{1, 2, /**/ 3, 4}, kReward{5, 6, /**/ 0, 0};
  TrajectoryBatch record(TrajectoryLayout::OfRule(1, space));
  record.Set(v1::OBSERVATION, {kObservation.data(), 2, 1, kLanes});
  record.Set(v1::ACTION, {action.data(), 2, record.layout().width(v1::ACTION), kLanes});
  record.Set(v1::REWARD, {kReward.data(), 2, 1, kLanes});
  return record;
}

TEST(StepInputs, NothingCameBeforeTheFirstStep) {
  v1::ActionSpace space;
  space.set_discrete(3);
  Listener listener(Spec(space));
  const std::vector<float> action(4);
  StepInputs(listener.spec(), 5).Step(Record(space, action), 0, listener, View2(nullptr, 3, kLanes));
  EXPECT_THAT(listener.x, ElementsAre(1, 2));
  EXPECT_EQ(listener.a, std::vector<float>(6));  // the one-hot of no choice, not of the first
  EXPECT_THAT(listener.r, ElementsAre(0, 0));
  EXPECT_THAT(listener.last_x, ElementsAre(0, 0));
}

TEST(StepInputs, FeedsBackOneHotsOfTheChoicesOfTheStepBefore) {
  v1::ActionSpace space;
  space.mutable_multi_discrete()->add_choices(3);
  space.mutable_multi_discrete()->add_choices(2);
  Listener listener(Spec(space));
  const std::vector<float> action{2, 0, /**/ 0, 1, /**/ 0, 0, /**/ 0, 0};  // [time, component, lane]
  StepInputs(listener.spec(), 5).Step(Record(space, action), 1, listener, View2(nullptr, 5, kLanes));
  EXPECT_THAT(listener.x, ElementsAre(3, 4));
  EXPECT_THAT(listener.a, ElementsAre(0, 1, /**/ 0, 0, /**/ 1, 0, /**/ 1, 0, /**/ 0, 1));
  EXPECT_THAT(listener.r, ElementsAre(5, 6));
  EXPECT_THAT(listener.last_x, ElementsAre(1, 2));
}

TEST(StepInputs, FeedsBackTheNumbersOfABoxAsTheyAre) {
  Listener listener(Spec(nn::BoxOf(2)));
  const std::vector<float> action{0.5f, -1, /**/ 7, 8, /**/ 0, 0, /**/ 0, 0};
  StepInputs(listener.spec(), 2).Step(Record(listener.spec().action, action), 1, listener, View2(nullptr, 4, kLanes));
  EXPECT_THAT(listener.a, ElementsAre(0.5f, -1, /**/ 7, 8));
}

TEST(StepInputs, FeedsBackHowTheStepBeforeLeftItsTrial) {
  const v1::ActionSpace space = nn::BoxOf(1);
  Listener listener(Spec(space, true));
  StepInputs inputs(listener.spec(), 2);
  const std::vector<float> action(4), observation{1, 2, /**/ 3, 4}, reward(4);
  TrajectoryBatch record(TrajectoryLayout::OfRule(1, space, TrialFields::kEnd));
  record.Set(v1::OBSERVATION, {observation.data(), 2, 1, kLanes});
  record.Set(v1::ACTION, {action.data(), 2, 1, kLanes});
  record.Set(v1::REWARD, {reward.data(), 2, 1, kLanes});
  for (const auto& [ends, expected] : std::vector<std::pair<std::vector<float>, std::vector<float>>>{
           {{env::kGoesOn, env::kTerminated, 0, 0}, {0, 1, /**/ 0, 0}},
           {{env::kTruncated, env::kTerminated, 0, 0}, {0, 1, /**/ 1, 0}}}) {
    record.Set(v1::TRIAL_END, {ends.data(), 2, 1, kLanes});
    inputs.Step(record, 0, listener, View2(nullptr, 2, kLanes));
    EXPECT_EQ(listener.ends, std::vector<float>(4)) << "nothing came before the first step";
    inputs.Step(record, 1, listener, View2(nullptr, 2, kLanes));
    EXPECT_EQ(listener.ends, expected);  // terminated of each lane, then truncated
  }
}

}  // namespace
}  // namespace nmn::trajectory
