#include "common/trajectory/trials.h"

#include <gmock/gmock.h>

#include <cmath>

#include "common/nn/action_space.h"

namespace nmn::trajectory {
namespace {

using ::testing::ElementsAre;

// Episodes of five steps, [time][episode].
struct Record {
  Record(std::vector<float> rewards, std::vector<float> ends, size_t lanes)
      : rewards(std::move(rewards)),
        ends(std::move(ends)),
        batch(TrajectoryLayout::OfRule(1, nn::BoxOf(1), TrialFields::kEnd)) {
    const size_t steps = this->rewards.size() / lanes;
    batch.Set(v1::REWARD, {this->rewards.data(), steps, 1, lanes});
    batch.Set(v1::TRIAL_END, {this->ends.data(), steps, 1, lanes});
  }
  std::vector<float> rewards, ends;
  TrajectoryBatch batch;
};

// Episode 0: 1 + 2 | 3 | 4 + 5 is cut. Episode 1: 10 + 20 + 30 | 40 + 50 | at the last step. Episode 2: all cut.
Record Example() {
  return {{1, 10, 7, 2, 20, 7, 3, 30, 7, 4, 40, 7, 5, 50, 7},
          {0, 0, 0, env::kTerminated, 0, 0, env::kTruncated, env::kTruncated, 0, 0, 0, 0, 0, env::kTerminated, 0},
          3};
}

TEST(TrialReturns, TheKthAveragesTheEpisodesThatCompletedIt) {
  const Record record = Example();
  TrialReturns returns;
  returns.Add(record.batch);
  const TrialCurve curve = returns.Curve();
  ASSERT_EQ(curve.trials.size(), 2);
  EXPECT_EQ(curve.trials[0].episodes, 2);
  EXPECT_DOUBLE_EQ(curve.trials[0].mean, (3 + 60) / 2.0);
  EXPECT_DOUBLE_EQ(curve.trials[0].standard_error, (60 - 3) / 2.0);  // sd / sqrt 2 of two values is half their distance
  EXPECT_DOUBLE_EQ(curve.trials[1].mean, (3 + 90) / 2.0);
  EXPECT_DOUBLE_EQ(curve.per_episode, 4.0 / 3);
}

TEST(TrialReturns, TheLastIsTheLastCompletedAndWhatTCutsStandsApart) {
  const Record record = Example();
  TrialReturns returns;
  returns.Add(record.batch);
  const TrialCurve curve = returns.Curve();
  EXPECT_EQ(curve.last.episodes, 2);
  EXPECT_DOUBLE_EQ(curve.last.mean, (3 + 90) / 2.0);
  EXPECT_EQ(curve.cut.episodes, 2);
  EXPECT_DOUBLE_EQ(curve.cut.mean, (9 + 35) / 2.0);
  const std::vector<EpisodeTrials>& episodes = returns.episodes();
  EXPECT_EQ(episodes[0].completed, 2);
  EXPECT_EQ(episodes[0].first, 3);
  EXPECT_EQ(episodes[0].last, 3);
  EXPECT_EQ(episodes[0].cut, 9);
  EXPECT_EQ(episodes[1].first, 60);
  EXPECT_EQ(episodes[1].last, 90);
  EXPECT_EQ(episodes[1].cut, std::nullopt) << "its last step ended a trial";
  EXPECT_EQ(episodes[2].completed, 0);
  EXPECT_EQ(episodes[2].cut, 35);
}

TEST(TrialReturns, BatchesOfAnySizeGiveTheSameBits) {
  std::vector<float> rewards, ends;
  for (int i = 0; i < 8 * 20; ++i) {
    rewards.push_back(0.1f * static_cast<float>(i * i % 37) - 1.3f);
    ends.push_back(i % 7 == 3 ? env::kTruncated : env::kGoesOn);
  }
  const Record whole(rewards, ends, 8);
  TrialReturns one, many;
  one.Add(whole.batch);
  for (size_t lane = 0; lane < 8; ++lane) {
    std::vector<float> some_rewards, some_ends;
    for (size_t t = 0; t < 20; ++t) {
      some_rewards.push_back(rewards[t * 8 + lane]);
      some_ends.push_back(ends[t * 8 + lane]);
    }
    many.Add(Record(some_rewards, some_ends, 1).batch);
  }
  const auto expected = NamedFigures(one.Curve(), 100), found = NamedFigures(many.Curve(), 100);
  ASSERT_EQ(found.size(), expected.size());
  ASSERT_GE(found.size(), 4);
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].first, expected[i].first);
    EXPECT_EQ(found[i].second.mean, expected[i].second.mean);
    EXPECT_EQ(found[i].second.standard_error, expected[i].second.standard_error);
  }
}

TEST(TrialReturns, OfNoEpisodeAndOfOneSaySo) {
  EXPECT_TRUE(NamedFigures(TrialReturns().Curve(), 100).empty());
  TrialReturns one;
  one.Add(Record({1, 2}, {env::kTerminated, env::kGoesOn}, 1).batch);
  const auto figures = NamedFigures(one.Curve(), 100);
  ASSERT_EQ(figures.size(), 3);
  EXPECT_TRUE(std::isnan(figures[0].second.standard_error));
}

TEST(NamedFigures, ThinOutWhereThereAreMany) {
  TrialCurve curve;
  curve.trials.resize(230);
  curve.last.episodes = 4;
  std::vector<std::string> names;
  for (const auto& [name, figure] : NamedFigures(curve, kFewTrials)) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("1", "2", "3", "5", "10", "20", "50", "100", "200", "last"));
  EXPECT_EQ(NamedFigures(curve, kManyTrials).size(), 100u + 2);
}

}  // namespace
}  // namespace nmn::trajectory
