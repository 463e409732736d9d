#include "common/trajectory/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/nn/action_space.h"
#include "common/nn/gaussian_head.h"

namespace nmn::trajectory {
namespace {

using ::testing::ElementsAre;

std::vector<v1::Field> IdsOf(const TrajectoryLayout& layout) {
  std::vector<v1::Field> ids;
  for (const FieldSpec& field : layout.fields()) ids.push_back(field.kind->id);
  return ids;
}

TEST(TrajectoryLayout, ANetworksStepHasTheFieldsOfTheWireInItsOrder) {
  const TrajectoryLayout layout = TrajectoryLayout::OfNetwork(4, nn::GaussianHead({}));
  EXPECT_THAT(IdsOf(layout),
              ElementsAre(v1::OBSERVATION, v1::RAW_ACTION, v1::ACTION, v1::REWARD, v1::MEAN, v1::LOG_VARIANCE));
  EXPECT_EQ(layout.width(), 9u);
}

TEST(TrajectoryLayout, ARulesStepHasNoPolicyParameters) {
  const TrajectoryLayout layout = TrajectoryLayout::OfRule(1, nn::BoxOf(1));
  EXPECT_THAT(IdsOf(layout), ElementsAre(v1::OBSERVATION, v1::RAW_ACTION, v1::ACTION, v1::REWARD));
  EXPECT_FALSE(layout.Has(v1::MEAN));
}

TEST(TrajectoryLayout, ATaskWithTrialsHasTheirEndsAndOnlyACutTheFinalObservations) {
  v1::RunConfig config;
  v1::TaskSpec& task = *config.mutable_task();
  task.set_observation_size(4);
  *task.mutable_action() = nn::BoxOf(1);
  config.mutable_ppo()->set_trial_end(v1::CUT);
  EXPECT_FALSE(LayoutOf(config)->Has(v1::TRIAL_END));
  task.set_has_trials(true);
  EXPECT_THAT(IdsOf(*LayoutOf(config)), ElementsAre(v1::OBSERVATION, v1::RAW_ACTION, v1::ACTION, v1::REWARD,
                                                    v1::TRIAL_END, v1::FINAL_OBSERVATION, v1::MEAN, v1::LOG_VARIANCE));
  EXPECT_EQ(LayoutOf(config)->width(v1::FINAL_OBSERVATION), 4u);
  config.mutable_ppo()->set_trial_end(v1::CONTINUE);
  EXPECT_THAT(IdsOf(*LayoutOf(config)), ElementsAre(v1::OBSERVATION, v1::RAW_ACTION, v1::ACTION, v1::REWARD,
                                                    v1::TRIAL_END, v1::MEAN, v1::LOG_VARIANCE));
}

TEST(TrajectoryArrays, AnEnvironmentWritesItsStepAndTheNextObservation) {
  TrajectoryArrays plain(TrajectoryLayout::OfRule(2, nn::BoxOf(1)), 3, 4);
  const env::StepResult result = plain.ResultOf(1, 3);
  EXPECT_EQ(result.action.data, plain.Of(v1::ACTION, 3).plane(1).data);
  EXPECT_EQ(result.reward, plain.Scalar(v1::REWARD, 3).row(1));
  EXPECT_EQ(result.observation.data, plain.Of(v1::OBSERVATION, 3).plane(2).data);
  EXPECT_EQ(result.trial_end, nullptr);
  EXPECT_EQ(result.final_observation.rows, 0u);
  TrajectoryArrays trials(TrajectoryLayout::OfRule(2, nn::BoxOf(1), TrialFields::kEndAndFinalObservation), 3, 4);
  EXPECT_EQ(trials.ResultOf(1, 3).trial_end, trials.Scalar(v1::TRIAL_END, 3).row(1));
  EXPECT_EQ(trials.ResultOf(1, 3).final_observation.data, trials.Of(v1::FINAL_OBSERVATION, 3).plane(1).data);
}

TEST(TrajectoryLayout, AnObservationHasAnAxisForItsWidthAndOneNumberHasNone) {
  const TrajectoryLayout layout = TrajectoryLayout::OfNetwork(1, nn::GaussianHead({}));
  EXPECT_THAT(layout.fields()[0].Shape(7, 3), ElementsAre(7, 1, 3));
  EXPECT_THAT(layout.fields()[1].Shape(7, 3), ElementsAre(7, 3));
  EXPECT_THAT((FieldSpec{FindKind(v1::RAW_ACTION), 2}.Shape(7, 3)), ElementsAre(7, 2, 3));
}

TEST(TrajectoryLayout, IsThatOfTheConfigsTask) {
  v1::RunConfig config;
  config.mutable_task()->set_observation_size(4);
  *config.mutable_task()->mutable_action() = nn::BoxOf(2);
  EXPECT_EQ(LayoutOf(config)->width(v1::OBSERVATION), 4u);
  EXPECT_EQ(LayoutOf(config)->width(v1::ACTION), 2u);
  config.clear_task();
  EXPECT_EQ(LayoutOf(config).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(TrajectoryLayout, EveryFieldOfTheWireIsAKind) {
  for (int id = v1::Field_MIN + 1; id <= v1::Field_MAX; ++id) {
    ASSERT_NE(FindKind(static_cast<v1::Field>(id)), nullptr) << id;
    EXPECT_EQ(FindKind(static_cast<v1::Field>(id))->id, id);
  }
  EXPECT_EQ(FindKind(v1::FIELD_UNSPECIFIED), nullptr);
}

TEST(TrajectoryBatch, FirstStepsAreTheBeginningOfEveryArray) {
  TrajectoryArrays arrays(TrajectoryLayout::OfNetwork(2, nn::GaussianHead({})), 5, 3);
  const TrajectoryBatch some = arrays.Batch(5, 3).FirstSteps(2);
  for (size_t f = 0; f < some.layout().fields().size(); ++f) {
    EXPECT_EQ(some.array(f).planes, 2u);
    EXPECT_EQ(some.array(f).data, arrays.data(f));
  }
  EXPECT_EQ(some.steps(), 2u);
  EXPECT_EQ(some.lanes(), 3u);
}

TEST(CopyLanes, CopiesThoseLanesOfEveryStepAndNoOther) {
  TrajectoryArrays from(TrajectoryLayout::OfRule(2, nn::BoxOf(1)), 3, 4),
      to(TrajectoryLayout::OfRule(2, nn::BoxOf(1)), 3, 5);
  const View3 source = from.Of(v1::OBSERVATION, 4), target = to.Of(v1::OBSERVATION, 5);
  for (size_t i = 0; i < 3 * 2 * 4; ++i) source.data[i] = 1.0f + static_cast<float>(i);
  CopyLanes(source, 1, 2, target, 3);
  for (size_t t = 0; t < 3; ++t) {
    for (size_t r = 0; r < 2; ++r) {
      for (size_t lane = 0; lane < 5; ++lane)
        EXPECT_EQ(target.plane(t)(r, lane), lane < 3 ? 0 : source.plane(t)(r, lane - 2))
            << t << " " << r << " " << lane;
    }
  }
}

}  // namespace
}  // namespace nmn::trajectory
