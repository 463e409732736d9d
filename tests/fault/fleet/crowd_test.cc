// A thousand actors on one learner: it answers, stays within its memory and trains what one actor would.

#include "tests/fault/fleet/crowd.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/net/file_limit.h"
#include "tests/fault/fleet/control_probe.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/row.h"

namespace nmn::fault {
namespace {

constexpr size_t kActors = 1000;
constexpr std::chrono::seconds kUntilAllAreThere{30};
constexpr uint64_t kQuotaBytes = uint64_t{512}
                                 << 20;  // of gRPC, for all connections (learner/service/learner_server.cc)

TEST(Crowd, AThousandActorsAtOnceAreServed) {
  ASSERT_TRUE(net::RaiseFileLimit().ok());
  // A unit is one episode: each actor gets one or two of an update.
  Fleet fleet({.updates = static_cast<int>(Count(2, 60)),
               .lease_seconds = 60,
               .set = {"work.unit_episodes=1", "ppo.critic.replay_episodes=1000"},
               .episodes_per_update = kActors});
  fleet.StartLearner();
  ASSERT_GE(fleet.SecondsToServe(), 0) << fleet.learner().err();
  const uint64_t calm_bytes = fleet.learner().PeakMemoryBytes();
  ControlProbe probe(fleet.port());
  Crowd crowd(fleet.port(), fleet.Status().build(), kActors);
  EXPECT_EQ(crowd.registered(), kActors);
  size_t most = 0;
  uint64_t peak = 0;
  const auto opened = std::chrono::steady_clock::now();
  bool begun = false;
  while (!fleet.learner().EndsWithin(std::chrono::milliseconds(100))) {
    const v1::GetStatusResponse status = probe.status();
    const auto connected =
        static_cast<size_t>(std::count_if(status.actors().begin(), status.actors().end(),
                                          [](const v1::ActorStatus& actor) { return actor.connected(); }));
    most = std::max(most, connected);
    if (!begun && (most == crowd.registered() || std::chrono::steady_clock::now() - opened > kUntilAllAreThere)) {
      crowd.Begin();
      begun = true;
    }
    peak = std::max(peak, fleet.learner().PeakMemoryBytes());
  }
  const ControlProbe::Result control = probe.Take();
  fleet.ExpectWholeRun();
  EXPECT_EQ(most, kActors);
  EXPECT_LE(control.p99_seconds, Limit(0.5));
  if (kMemoryIsGivenBack) {
    EXPECT_LE(peak, calm_bytes + kQuotaBytes);
  }
  PrintFigure("crowd", absl::StrCat(most, " actors connected at once, ", crowd.counts().accepted, " units accepted, ",
                                    control.calls, " status calls, p99 ",
                                    static_cast<int>(1000 * control.p99_seconds + 0.5), " ms, memory ", peak >> 20,
                                    " MiB of ", (calm_bytes + kQuotaBytes) >> 20, " MiB, ", HashFigure()));
}

}  // namespace
}  // namespace nmn::fault
