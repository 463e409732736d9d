#include "learner/metrics/fleet_metrics.h"

#include <gmock/gmock.h>

#include "common/metrics/verdicts.h"
#include "tests/unit/learner/metrics/samples.h"

namespace nmn::metrics {
namespace {

using testing::Samples;

TEST(FleetMetrics, AreZeroWithoutAFleet) {
  const FleetMetrics metrics;
  for (const auto& [series, value] : Samples(metrics)) EXPECT_EQ(value, 0) << series;
}

TEST(FleetMetrics, AreReadWhenTheyAreAskedFor) {
  FleetSnapshot fleet;
  FleetMetrics metrics;
  metrics.SetSource([&fleet] { return fleet; });
  fleet.actors_connected = 3;
  fleet.trajectories = {{v1::ACCEPTED, 12}, {v1::NOT_FINITE, 1}};
  fleet.serving = true;
  EXPECT_EQ(Samples(metrics).at("nmn_actors_connected"), 3);
  EXPECT_EQ(Samples(metrics).at("nmn_trajectories_total{verdict=\"accepted\"}"), 12);
  EXPECT_EQ(Samples(metrics).at("nmn_trajectories_total{verdict=\"not_finite\"}"), 1);
  EXPECT_EQ(Samples(metrics).at("nmn_trajectories_total{verdict=\"duplicate\"}"), 0);
  EXPECT_EQ(Samples(metrics).at("nmn_serving"), 1);
  metrics.SetSource(nullptr);
  EXPECT_EQ(Samples(metrics).at("nmn_actors_connected"), 0);
}

TEST(Verdicts, AreAllThatTheProtocolHas) {
  EXPECT_EQ(Verdicts().size(), static_cast<size_t>(v1::RejectReason_descriptor()->value_count() - 1));
  EXPECT_EQ(Verdicts().front().second, "accepted");
}

}  // namespace
}  // namespace nmn::metrics
