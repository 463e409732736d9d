#include "learner/ingest/pace.h"

#include <gtest/gtest.h>

namespace nmn::ingest {
namespace {

v1::UnitId Unit(uint32_t first, uint32_t update = 1) {
  v1::UnitId unit;
  unit.set_update(update);
  unit.set_first_episode(first);
  unit.set_count(2);
  return unit;
}

v1::Lease LeaseOf(std::initializer_list<uint32_t> firsts, uint32_t update = 1) {
  v1::Lease lease;
  for (const uint32_t first : firsts) *lease.add_units() = Unit(first, update);
  return lease;
}

TEST(Pace, IsEpisodesOverTheTimeFromGrantToTheLast) {
  Pace pace;
  pace.OnGranted(LeaseOf({0, 2}), 10);
  pace.OnArrived(Unit(0), 2, 11);
  EXPECT_EQ(pace.episodes_per_second(), 0);
  pace.OnArrived(Unit(2), 2, 12);
  EXPECT_EQ(pace.episodes_per_second(), 2);
}

TEST(Pace, ANewMeasurementCountsHalf) {
  Pace pace;
  pace.OnGranted(LeaseOf({0}), 0);
  pace.OnArrived(Unit(0), 2, 1);
  pace.OnGranted(LeaseOf({2}), 1);
  pace.OnArrived(Unit(2), 2, 1.5);
  EXPECT_EQ(pace.episodes_per_second(), 3);
}

TEST(Pace, ACopyOfAMessageCountsOnce) {
  Pace pace;
  pace.OnGranted(LeaseOf({0, 2}), 0);
  EXPECT_TRUE(pace.OnArrived(Unit(0), 2, 1));
  EXPECT_FALSE(pace.OnArrived(Unit(0), 2, 1));
  EXPECT_TRUE(pace.working());
}

TEST(Pace, WhoBringsNothingIsNotKnownUntilItDoes) {
  Pace pace;
  pace.OnGranted(LeaseOf({0}), 0);
  pace.OnArrived(Unit(0), 2, 1);
  pace.OnGranted(LeaseOf({2}), 1);
  EXPECT_TRUE(pace.OnGivenUp(6));
  EXPECT_EQ(pace.episodes_per_second(), 0);
  EXPECT_EQ(pace.Silence(6), 5);
  EXPECT_TRUE(pace.OnArrived(Unit(2), 2, 11));
  EXPECT_EQ(pace.episodes_per_second(), 0.2);
  EXPECT_EQ(pace.Silence(11), 0);
}

TEST(Pace, PartOfALeaseIsMeasuredWhenTheRestIsGivenUp) {
  Pace pace;
  pace.OnGranted(LeaseOf({0, 2}), 0);
  pace.OnArrived(Unit(2), 2, 1);
  EXPECT_FALSE(pace.OnGivenUp(4));
  EXPECT_EQ(pace.episodes_per_second(), 0.5);
}

TEST(Pace, IsLateAfterHalfAsLongAgain) {
  Pace pace;
  pace.OnGranted(LeaseOf({0}), 0);
  EXPECT_EQ(pace.ExpectedEnd(), std::nullopt);
  EXPECT_EQ(pace.LateAt(), 0);
  pace.OnArrived(Unit(0), 2, 4);
  pace.OnGranted(LeaseOf({0, 2}, 2), 10);
  EXPECT_EQ(pace.ExpectedEnd(), 18);
  EXPECT_EQ(pace.LateAt(), 22);
}

TEST(Pace, NothingIsExpectedOfABrokenStream) {
  Pace pace;
  pace.OnGranted(LeaseOf({0}), 0);
  pace.OnDisconnect();
  EXPECT_FALSE(pace.working());
  EXPECT_FALSE(pace.OnArrived(Unit(0), 2, 1));
}

}  // namespace
}  // namespace nmn::ingest
