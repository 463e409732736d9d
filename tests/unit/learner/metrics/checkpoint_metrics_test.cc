#include "learner/metrics/checkpoint_metrics.h"

#include <gmock/gmock.h>

#include "tests/unit/learner/metrics/samples.h"

namespace nmn::metrics {
namespace {

using testing::Samples;

TEST(CheckpointMetrics, ASaveThatFailsLeavesTheLastGoodOne) {
  prometheus::Registry registry;
  CheckpointMetrics metrics(registry);
  metrics.OnSaved(10, 0.2);
  const double saved = Samples(registry).at("nmn_checkpoint_last_success_timestamp_seconds");
  EXPECT_GT(saved, 1e9);
  metrics.OnFailed();
  EXPECT_EQ(Samples(registry).at("nmn_checkpoint_last_success_timestamp_seconds"), saved);
  EXPECT_EQ(Samples(registry).at("nmn_checkpoint_last_update"), 10);
  EXPECT_EQ(Samples(registry).at("nmn_checkpoint_saves_total"), 1);
  EXPECT_EQ(Samples(registry).at("nmn_checkpoint_failures_total"), 1);
  EXPECT_EQ(Samples(registry).at("nmn_checkpoint_duration_seconds_count"), 1);
}

TEST(CheckpointMetrics, ARestoredOneIsTheNewestButNoSave) {
  prometheus::Registry registry;
  CheckpointMetrics metrics(registry);
  metrics.OnCorrupt();
  metrics.OnRestored(7);
  EXPECT_EQ(Samples(registry).at("nmn_checkpoint_corrupt_total"), 1);
  EXPECT_EQ(Samples(registry).at("nmn_checkpoint_last_update"), 7);
  EXPECT_EQ(Samples(registry).at("nmn_checkpoint_saves_total"), 0);
}

}  // namespace
}  // namespace nmn::metrics
