#include "learner/ingest/lease_table.h"

#include <gmock/gmock.h>

namespace nmn::ingest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

class LeaseTableTest : public testing::Test {
 protected:
  LeaseTableTest() { table_.Open(20, 5); }
  LeaseTable table_{10.0};
};

TEST_F(LeaseTableTest, CutsTheUpdateInUnits) {
  EXPECT_EQ(table_.units(), 4u);
  EXPECT_EQ(table_.unleased(), 4u);
}

TEST_F(LeaseTableTest, GrantsTheFirstThatNobodyHolds) {
  EXPECT_THAT(table_.Grant(1, 2, 0), ElementsAre(0, 1));
  EXPECT_THAT(table_.Grant(2, 5, 0), ElementsAre(2, 3));
  EXPECT_THAT(table_.Grant(3, 1, 0), IsEmpty());
}

TEST_F(LeaseTableTest, ALeaseEndsAtItsTimeAndIsGrantedAgain) {
  table_.Grant(1, 4, 0);
  EXPECT_THAT(table_.Expire(9.9), IsEmpty());
  EXPECT_THAT(table_.Expire(10), ElementsAre(1));
  EXPECT_THAT(table_.Grant(2, 1, 10), ElementsAre(0));
}

TEST_F(LeaseTableTest, ASecondLeaseOnlyOnceTheFirstIsHalfGone) {
  table_.Grant(1, 4, 0);
  EXPECT_EQ(table_.GrantSecond(2, 4.9), std::nullopt);
  EXPECT_THAT(table_.GrantSecond(2, 5), Optional(0u));
}

TEST_F(LeaseTableTest, TheOldestOutstandingUnitIsIssuedTwiceFirstAndNeverThrice) {
  table_.Grant(1, 1, 1);
  table_.Grant(2, 3, 0);
  EXPECT_THAT(table_.GrantSecond(3, 6), Optional(1u));
  EXPECT_THAT(table_.GrantSecond(4, 6), Optional(2u));
  EXPECT_THAT(table_.GrantSecond(5, 6), Optional(3u));
  EXPECT_THAT(table_.GrantSecond(6, 6), Optional(0u));
  EXPECT_EQ(table_.GrantSecond(7, 6), std::nullopt);
}

TEST_F(LeaseTableTest, NobodyCompetesWithHimself) {
  table_.Grant(1, 4, 0);
  EXPECT_EQ(table_.GrantSecond(1, 9), std::nullopt);
}

TEST_F(LeaseTableTest, AFinishedUnitIsNobodysAndStays) {
  table_.Grant(1, 1, 0);
  table_.Finish(0);
  EXPECT_FALSE(table_.Holds(1));
  EXPECT_EQ(table_.unleased(), 3u);
  EXPECT_TRUE(table_.WasIssuedTo(1, 0));
}

TEST_F(LeaseTableTest, NamesTheNextInstantOfInterest) {
  EXPECT_EQ(table_.NextInstant(0), std::nullopt);
  table_.Grant(1, 1, 2);
  EXPECT_THAT(table_.NextInstant(2), Optional(7.0));
  EXPECT_THAT(table_.NextInstant(7), Optional(12.0));
  EXPECT_EQ(table_.NextInstant(12), std::nullopt);
}

}  // namespace
}  // namespace nmn::ingest
