#include "learner/ingest/lease_table.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>
#include <vector>

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

// The decisions are those of a table that looks at every unit, as the first version of this class did.
class PlainTable {
 public:
  PlainTable(size_t units, double seconds) : seconds_(seconds), units_(units) {}

  std::vector<size_t> Grant(HolderId holder, size_t count, Time now) {
    std::vector<size_t> granted;
    for (size_t u = 0; u < units_.size() && granted.size() < count; ++u) {
      if (units_[u].finished || !units_[u].leases.empty()) continue;
      units_[u].leases.emplace_back(holder, now);
      granted.push_back(u);
    }
    return granted;
  }
  std::optional<size_t> GrantSecond(HolderId holder, Time now) {
    std::optional<size_t> oldest;
    for (size_t u = 0; u < units_.size(); ++u) {
      const auto& leases = units_[u].leases;
      if (leases.size() != 1 || leases[0].first == holder || now < leases[0].second + seconds_ / 2) continue;
      if (!oldest || leases[0].second < units_[*oldest].leases[0].second) oldest = u;
    }
    if (oldest) units_[*oldest].leases.emplace_back(holder, now);
    return oldest;
  }
  void ReleaseAll(HolderId holder) {
    for (Unit& unit : units_) std::erase_if(unit.leases, [&](const auto& l) { return l.first == holder; });
  }
  std::vector<HolderId> Expire(Time now) {
    std::set<HolderId> late;
    for (Unit& unit : units_) {
      std::erase_if(unit.leases, [&](const auto& l) {
        if (now >= l.second + seconds_) late.insert(l.first);
        return now >= l.second + seconds_;
      });
    }
    return {late.begin(), late.end()};
  }
  void Finish(size_t unit) {
    units_[unit].finished = true;
    units_[unit].leases.clear();
  }
  std::optional<Time> NextInstant(Time now) const {
    std::optional<Time> next;
    for (const Unit& unit : units_) {
      for (const auto& [holder, granted] : unit.leases) {
        for (const Time instant : {granted + seconds_ / 2, granted + seconds_})
          if (instant > now && (!next || instant < *next)) next = instant;
      }
    }
    return next;
  }
  size_t HeldBy(HolderId holder) const {
    return static_cast<size_t>(std::count_if(units_.begin(), units_.end(), [&](const Unit& u) {
      return std::any_of(u.leases.begin(), u.leases.end(), [&](const auto& l) { return l.first == holder; });
    }));
  }

 private:
  struct Unit {
    bool finished = false;
    std::vector<std::pair<HolderId, Time>> leases;
  };
  double seconds_;
  std::vector<Unit> units_;
};

TEST(LeaseTable, DecidesAsATableThatLooksAtEveryUnit) {
  constexpr size_t kUnits = 12;
  std::mt19937 draw(3);
  for (int round = 0; round < 50; ++round) {
    LeaseTable table(10.0);
    table.Open(kUnits, 1);
    PlainTable plain(kUnits, 10.0);
    Time now = 0;
    for (int event = 0; event < 400; ++event) {
      now += 0.1 * static_cast<double>(draw() % 15);
      const HolderId holder = 1 + draw() % 5;
      ASSERT_EQ(table.Expire(now), plain.Expire(now));
      switch (draw() % 5) {
        case 0:
        case 1: {
          const size_t count = 1 + draw() % 3;
          const std::vector<size_t> granted = table.Grant(holder, count, now);
          ASSERT_EQ(granted, plain.Grant(holder, count, now));
          if (!granted.empty()) break;
          const std::optional<size_t> second = table.GrantSecond(holder, now);
          ASSERT_EQ(second, plain.GrantSecond(holder, now));
          break;
        }
        case 2:
          table.ReleaseAll(holder);
          plain.ReleaseAll(holder);
          break;
        case 3:
          if (draw() % 8 != 0) break;
          {
            const size_t unit = draw() % kUnits;
            table.Finish(unit);
            plain.Finish(unit);
          }
          break;
        default:
          break;
      }
      ASSERT_EQ(table.NextInstant(now), plain.NextInstant(now));
      ASSERT_EQ(table.HeldBy(holder), plain.HeldBy(holder));
    }
  }
}

}  // namespace
}  // namespace nmn::ingest
