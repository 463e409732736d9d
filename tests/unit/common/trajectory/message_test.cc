#include "common/trajectory/message.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>

#include "common/nn/action_space.h"
#include "common/nn/categorical_head.h"
#include "common/nn/gaussian_head.h"

namespace nmn::trajectory {
namespace {

constexpr size_t kSteps = 3;
constexpr size_t kLanes = 5;

// Five episodes whose numbers are all distinct.
class MessageTest : public testing::Test {
 protected:
  MessageTest() : arrays_(TrajectoryLayout::OfNetwork(2, nn::GaussianHead({})), kSteps, kLanes) {
    float next = 1;
    for (size_t f = 0; f < arrays_.layout().fields().size(); ++f) {
      const View3 array = arrays_.array(f, kLanes);
      for (size_t i = 0; i < array.planes * array.rows * array.columns; ++i) array.data[i] = next++;
    }
    batch_ = arrays_.Batch(kSteps, kLanes);
    AppendBlocks(batch_, 1, 3, message_);
  }

  TrajectoryArrays arrays_;
  TrajectoryBatch batch_;
  v1::Trajectory message_;
};

TEST_F(MessageTest, HoldsThoseLanesOfEveryFieldRowAfterRow) {
  ASSERT_EQ(message_.blocks_size(), 6);
  for (int f = 0; f < 6; ++f) {
    const ConstView3 array = batch_.array(static_cast<size_t>(f));
    for (size_t t = 0; t < kSteps; ++t) {
      for (size_t r = 0; r < array.rows; ++r) {
        const char* row = BlockRow(message_.blocks(f), t * array.rows + r, 3, 0);
        EXPECT_EQ(std::memcmp(row, array.plane(t).row(r) + 1, 3 * sizeof(float)), 0) << f << " " << t << " " << r;
      }
    }
  }
  EXPECT_EQ(EpisodeBytes(batch_.layout(), kSteps), 7 * kSteps * sizeof(float));
}

TEST_F(MessageTest, IsThatOfItsLayoutAndOfNoOther) {
  EXPECT_EQ(CheckBlocks(batch_.layout(), kSteps, 3, message_).detail, "");
  EXPECT_EQ(CheckBlocks(TrajectoryLayout::OfNetwork(1, nn::GaussianHead({})), kSteps, 3, message_).reason,
            v1::WRONG_SHAPE);
  EXPECT_EQ(CheckBlocks(TrajectoryLayout::OfRule(2, nn::BoxOf(1)), kSteps, 3, message_).reason, v1::WRONG_SHAPE);
  EXPECT_EQ(CheckBlocks(batch_.layout(), kSteps - 1, 3, message_).reason, v1::WRONG_SHAPE);
  EXPECT_EQ(CheckBlocks(batch_.layout(), kSteps, 2, message_).reason, v1::WRONG_SHAPE);
}

TEST_F(MessageTest, ABlockOfNoFieldIsRefused) {
  EXPECT_TRUE(CheckNumbers(batch_.layout(), message_).accepted());
  message_.mutable_blocks(0)->set_field(static_cast<v1::Field>(99));
  EXPECT_EQ(CheckBlocks(batch_.layout(), kSteps, 3, message_).reason, v1::WRONG_SHAPE);
}

// A learner that took another number for an index would read beside its arrays.
TEST(CheckNumbers, AnIndexIsOneOfItsComponentsChoices) {
  const nn::CategoricalHead head({2, 3});
  TrajectoryArrays arrays(TrajectoryLayout::OfNetwork(1, head), kSteps, kLanes);
  const size_t actions[] = {arrays.layout().IndexOf(v1::RAW_ACTION), arrays.layout().IndexOf(v1::ACTION)};
  const auto check = [&] {
    v1::Trajectory message;
    AppendBlocks(arrays.Batch(kSteps, kLanes), 0, kLanes, message);
    EXPECT_TRUE(CheckBlocks(arrays.layout(), kSteps, kLanes, message).accepted());
    return CheckNumbers(arrays.layout(), message);
  };
  for (const size_t field : actions) {
    float& second = arrays.array(field, kLanes).plane(1)(1, 4);  // of three choices
    float& first = arrays.array(field, kLanes).plane(2)(0, 0);   // of two
    second = 2;
    first = 1;
    EXPECT_TRUE(check().accepted());
    for (const auto& [number, bad] : {std::pair{&second, 3.0f}, {&second, -1.0f}, {&second, 0.5f}, {&first, 2.0f}}) {
      const float good = *number;
      *number = bad;
      const Verdict verdict = check();
      EXPECT_EQ(verdict.reason, v1::OUT_OF_RANGE) << bad;
      EXPECT_NE(verdict.detail.find("choices"), std::string::npos) << verdict.detail;
      *number = good;
    }
  }
}

TEST(CheckNumbers, ATrialGoesOnTerminatesOrIsTruncated) {
  TrajectoryArrays arrays(TrajectoryLayout::OfRule(1, nn::BoxOf(1), TrialFields::kEnd), kSteps, kLanes);
  for (const float end : {0.0f, 1.0f, 2.0f, 3.0f, 0.5f, -1.0f}) {
    arrays.Scalar(v1::TRIAL_END, kLanes)(1, 2) = end;
    v1::Trajectory message;
    AppendBlocks(arrays.Batch(kSteps, kLanes), 0, kLanes, message);
    const bool is_one = end == env::kGoesOn || end == env::kTerminated || end == env::kTruncated;
    EXPECT_EQ(CheckNumbers(arrays.layout(), message).reason, is_one ? v1::ACCEPTED : v1::OUT_OF_RANGE) << end;
  }
}

}  // namespace
}  // namespace nmn::trajectory
