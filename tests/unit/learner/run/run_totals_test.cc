#include "learner/run/run_totals.h"

#include <gmock/gmock.h>

#include <cmath>

#include "common/nn/gaussian_head.h"
#include "google/protobuf/util/message_differencer.h"
#include "learner/run/observer.h"

namespace nmn::run {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::Pair;

// An update of episodes of one step with those rewards.
UpdateRecord Count(RunTotals& totals, uint32_t update, const std::vector<float>& rewards) {
  const std::vector<std::vector<double>> hits = {std::vector<double>(rewards.size(), 2)};
  service::CollectedBatch batch;
  batch.trajectories = trajectory::TrajectoryBatch(trajectory::TrajectoryLayout::OfNetwork(1, nn::GaussianHead({})));
  batch.trajectories.Set(v1::REWARD, ConstView3(rewards.data(), 1, 1, rewards.size()));
  batch.measures = &hits;
  batch.wait_seconds = 0.5;
  return totals.Count(update, batch, {}, {"hits"}, 4);
}

TEST(RunTotals, CountEpisodesStepsAndMeans) {
  RunTotals totals;
  const UpdateRecord record = Count(totals, 1, {1, 2, 6});
  EXPECT_EQ(record.metrics.update, 1u);
  EXPECT_EQ(record.metrics.episodes, 3u);
  EXPECT_EQ(record.metrics.environment_steps, 3u);
  EXPECT_EQ(record.metrics.return_mean, 3);
  EXPECT_EQ(record.metrics.steps_per_second, 0.75);
  EXPECT_EQ(record.metrics.wait_seconds, 0.5);
  EXPECT_THAT(record.metrics.measures, ElementsAre(Pair("hits", 2)));
  EXPECT_EQ(record.episodes.update, 1u);
  EXPECT_THAT(record.episodes.raw, ElementsAre(1, 2, 6));
  EXPECT_EQ(Count(totals, 2, {7}).metrics.episodes, 4u);
  EXPECT_EQ(totals.RecentReturnMean(), 4);
}

TEST(RunTotals, OfATaskWithTrialsCountThem) {
  const std::vector<float> rewards = {1, 2, 3, 4, 5, 6}, ends = {0, 0, env::kTerminated, 0, 0, 0};  // [3][2]
  const std::vector<std::vector<double>> none;
  service::CollectedBatch batch;
  batch.trajectories = trajectory::TrajectoryBatch(
      trajectory::TrajectoryLayout::OfNetwork(1, nn::GaussianHead({}), trajectory::TrialFields::kEnd));
  batch.trajectories.Set(v1::REWARD, ConstView3(rewards.data(), 3, 1, 2));
  batch.trajectories.Set(v1::TRIAL_END, ConstView3(ends.data(), 3, 1, 2));
  batch.measures = &none;
  RunTotals totals;
  const UpdateRecord record = totals.Count(1, batch, {}, {}, 4);
  EXPECT_EQ(record.metrics.trials_per_episode, 0.5);
  ASSERT_EQ(record.metrics.trials.size(), 3u);  // 1, last, cut
  EXPECT_EQ(record.metrics.trials[0].second.mean, 4);
  EXPECT_EQ(record.metrics.trials[2].second.mean, (5 + 12) / 2.0);
  ASSERT_EQ(record.episodes.trials.size(), 2u);
  EXPECT_EQ(record.episodes.trials[1].completed, 0u);
  EXPECT_FALSE(Count(totals, 2, {1}).metrics.trials_per_episode.has_value());
}

TEST(SummaryOf, SaysHowFarChoicesAreFromCertainWhereNoActionHasAStandardDeviation) {
  metrics::MetricsRecord metrics;
  metrics.report.entropy = 1.2041;
  metrics.report.mean_deviation = 0.3119;
  EXPECT_EQ(SummaryOf(metrics, 10, 0).spread, "sd 0.312");
  metrics.report.mean_deviation = NAN;
  EXPECT_EQ(SummaryOf(metrics, 10, 0).spread, "entropy 1.204");
}

TEST(RunTotals, MeansAreOfTheLastThousandEpisodes) {
  RunTotals totals;
  Count(totals, 1, std::vector<float>(600, 1));
  Count(totals, 2, std::vector<float>(900, 2));
  EXPECT_THAT(totals.RecentReturnMean(), DoubleEq(0.1 * 1 + 0.9 * 2));
  EXPECT_EQ(totals.episodes(), 1500u);
}

TEST(RunTotals, GoOnFromWhatWasSaved) {
  RunTotals before;
  Count(before, 1, {1, 2, 6});
  before.AddPhase("collect", 1.5);
  before.AddPhase("collect", 1);
  v1::RunProgress saved = before.Save();
  saved.set_wall_seconds(1000);
  RunTotals after;
  after.Restore(saved);
  EXPECT_THAT(after.phase_seconds(), ElementsAre(Pair("collect", 2.5)));
  EXPECT_GE(after.WallSeconds(), 1000);
  EXPECT_EQ(after.RecentDiscountedMean(), before.RecentDiscountedMean());
  v1::RunProgress again = after.Save();
  EXPECT_GE(again.wall_seconds(), 1000);
  again.set_wall_seconds(1000);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(saved, again)) << again.DebugString();
  EXPECT_EQ(Count(after, 2, {7}).metrics.return_mean, 7);
  EXPECT_EQ(after.RecentReturnMean(), 4);
}

}  // namespace
}  // namespace nmn::run
