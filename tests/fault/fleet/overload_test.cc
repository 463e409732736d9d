// Row 15: too much, too large, too many, too slow: refused, while the actors train on, the learner answers and its
// memory stays within its limit.

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/net/file_limit.h"
#include "tests/fault/fleet/attacks.h"
#include "tests/fault/fleet/certificates.h"
#include "tests/fault/fleet/control_probe.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/row.h"

namespace nmn::fault {
namespace {

constexpr int kMaxActors = 32;
constexpr size_t kStreamCap = kMaxActors + 16;  // streams that have not said hello yet may come on top
// What gRPC may hold for all connections together (learner/service/limits.h), above what a calm learner has.
constexpr uint64_t kQuotaBytes = uint64_t{512} << 20;

class Row15 : public ::testing::Test {
 protected:
  // A budget that it does not reach; nobody waits for its end.
  Row15() : fleet_({.updates = 1'000'000, .set = {absl::StrCat("work.max_actors=", kMaxActors)}}) {
    EXPECT_TRUE(net::RaiseFileLimit().ok());
    fleet_.StartLearner();
    fleet_.StartActors(2);
    EXPECT_TRUE(fleet_.WaitForUpdate(3)) << fleet_.learner().err();
    calm_bytes_ = fleet_.learner().PeakMemoryBytes();
    probe_ = std::make_unique<ControlProbe>(fleet_.port());
  }

  v1::BuildInfo build() const { return fleet_.Status().build(); }
  uint16_t port() const { return fleet_.port(); }

  // The attack, and after it: training went on during or right after it, every call for the status was answered in
  // time, and memory is within the limit.
  void Attack(const std::string& name, const std::function<std::string()>& attack) {
    probe_->Take();
    const int before = fleet_.update();
    const std::string outcome = attack();
    EXPECT_TRUE(fleet_.WaitForUpdate(before + 2)) << name << fleet_.learner().err();
    const ControlProbe::Result control = probe_->Take();
    EXPECT_EQ(control.failed, 0u) << name;
    EXPECT_LE(control.p99_seconds, Limit(0.5)) << name;
    const uint64_t bytes = fleet_.learner().PeakMemoryBytes();
    if (kMemoryIsGivenBack) {
      EXPECT_LE(bytes, calm_bytes_ + kQuotaBytes) << name;
    }
    worst_p99_ = std::max(worst_p99_, control.p99_seconds);
    absl::StrAppend(&figure_, figure_.empty() ? "" : ", ", outcome);
  }

  void TearDown() override {
    probe_.reset();
    const uint64_t peak = fleet_.learner().PeakMemoryBytes();
    fleet_.learner().Signal(SIGTERM);
    EXPECT_EQ(fleet_.learner().Wait(), 75) << fleet_.learner().err();
    PrintFigure("15", absl::StrCat(figure_, "; training went on, control p99 at most ",
                                   static_cast<int>(1000 * worst_p99_ + 0.5), " ms, memory ", peak >> 20, " MiB of ",
                                   (calm_bytes_ + kQuotaBytes) >> 20, " MiB", TransportFigure()));
  }

  Fleet fleet_;
  std::unique_ptr<ControlProbe> probe_;
  uint64_t calm_bytes_ = 0;
  double worst_p99_ = 0;
  std::string figure_;
};

TEST_F(Row15, OverloadIsRefusedAndTheOthersAreServed) {
  Attack("oversize", [&] {
    const size_t count = Count(5, 200);
    const size_t refused = SendOversize(port(), build(), count);
    EXPECT_EQ(refused, count);
    return absl::StrCat(refused, " of ", count, " oversize messages refused");
  });
  Attack("flood", [&] {
    const uint64_t sent = Flood(port(), build(), 4, std::chrono::milliseconds(Count(1000, 20'000)));
    EXPECT_GT(sent, 0u);
    return absl::StrCat("a flood of ", sent, " messages");
  });
  Attack("streams", [&] {
    const size_t count = Count(1000, 10'000);
    SilentStreams streams(port(), count);
    const size_t open = streams.WaitUntilOpen(kStreamCap, std::chrono::minutes(1));
    EXPECT_LE(open, kStreamCap);
    // Those that were let in say nothing, and lose their place.
    if (Full()) {
      EXPECT_EQ(streams.WaitUntilOpen(0, std::chrono::seconds(30)), 0u);
    }
    return absl::StrCat(streams.refused(), " of ", count, " streams refused");
  });
  Attack("slow-loris", [&] {
    SilentConnections silent(port(), Count(200, 2000));
    const size_t closed = silent.WaitUntilClosed(std::chrono::seconds(60));
    EXPECT_EQ(closed, silent.opened());
    return absl::StrCat(closed, " of ", silent.opened(), " silent connections closed");
  });
  Attack("metadata", [&] {
    const size_t count = Count(20, 1000);
    const size_t refused = SendHugeMetadata(port(), count);
    EXPECT_EQ(refused, count);
    return absl::StrCat(refused, " of ", count, " calls with 64 KiB of metadata refused");
  });
}

}  // namespace
}  // namespace nmn::fault
