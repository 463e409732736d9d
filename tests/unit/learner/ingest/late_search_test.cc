// The indexed searches for work against plain loops over all actors, through random histories.

#include "learner/ingest/late_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "learner/ingest/workforce.h"

namespace nmn::ingest {
namespace {

constexpr uint32_t kUnitEpisodes = 2;
constexpr size_t kUnits = 60;
constexpr double kLeaseSeconds = 1000;

// A fleet whose actors get, deliver and lose units by chance. After each event the indices are brought up to date.
class History {
 public:
  explicit History(uint64_t seed) : random_(seed) {
    for (int a = 0; a < 12; ++a) {
      Actor& actor = actors_.emplace_back();
      actor.id = "actor-" + std::to_string(Below(100)) + "-" + std::to_string(a);
      actor.holder = static_cast<HolderId>(a + 1);
      actor.lanes = Chance(0.3) ? kUnitEpisodes * (1 + Below(3)) : 0;
    }
    Open();
    for (Actor& actor : actors_) Place(actor);
  }

  // One event. What the fastest idle actor then finds is compared with the plain loop.
  void Step() {
    now_ += Chance(0.2) ? 0 : 0.3 * std::exponential_distribution<double>()(random_);
    Actor& actor = actors_[Below(actors_.size())];
    const double what = std::uniform_real_distribution<double>()(random_);
    if (!leases_.Holds(actor.holder)) {
      const std::vector<size_t> units = leases_.Grant(actor.holder, std::min(1 + Below(5), Room(actor)), now_);
      if (!units.empty()) Give(actor, units);
    } else if (what < 0.7) {
      Deliver(actor);
    } else if (what < 0.8) {
      leases_.ReleaseAll(actor.holder);
      actor.pace.OnDisconnect();
    }
    Place(actor);
    Follow();
    while (Ask()) {
    }
    if (leases_.outstanding() == 0 && leases_.unleased() == 0) Open();
  }

  int found() const { return found_; }

 private:
  size_t Below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }
  bool Chance(double p) { return std::uniform_real_distribution<double>()(random_) < p; }
  static size_t Room(const Actor& actor) { return actor.lanes == 0 ? kUnits : actor.lanes / kUnitEpisodes; }

  void Open() {
    leases_.Open(kUnits * kUnitEpisodes, kUnitEpisodes);
    search_.Clear();
    Follow();
  }

  void Give(Actor& actor, const std::vector<size_t>& units) {
    v1::Lease lease;
    for (const size_t unit : units) {
      v1::UnitId* id = lease.add_units();
      id->set_update(1);
      id->set_first_episode(static_cast<uint32_t>(unit) * kUnitEpisodes);
      id->set_count(kUnitEpisodes);
    }
    actor.pace.OnGranted(lease, now_);
    work_[actor.holder] = {units.begin(), units.end()};
  }

  void Deliver(Actor& actor) {
    std::deque<size_t>& work = work_[actor.holder];
    if (work.empty()) return;
    v1::UnitId id;
    id.set_update(1);
    id.set_first_episode(static_cast<uint32_t>(work.front()) * kUnitEpisodes);
    id.set_count(kUnitEpisodes);
    actor.pace.OnArrived(id, kUnitEpisodes, now_);
    leases_.Finish(work.front());
    work.pop_front();
  }

  void Place(Actor& actor) {
    workforce_.Place(actor, !leases_.Holds(actor.holder), now_);
    const size_t held_alone = leases_.CountHeldAlone(actor.holder);
    if (held_alone == 0) {
      search_.Remove(actor.holder);
    } else {
      search_.Place(actor.holder, actor.id, held_alone, actor.pace, now_);
    }
  }

  void Follow() {
    for (const HolderId holder : leases_.TakeChanged()) Place(actors_[holder - 1]);
    workforce_.Advance(now_);
  }

  // Whether the fastest idle actor got something.
  bool Ask() {
    CheckTheFastest();
    if (workforce_.idle().empty() || leases_.unleased() > 0) return false;
    const Worker& idle = **workforce_.idle().begin();
    if (idle.rate == 0) return false;
    Actor& actor = *idle.actor;
    const std::vector<size_t> plain = Plain(actor);
    const std::optional<HolderId> busy = search_.Find(idle.rate, Room(actor), now_);
    const std::vector<size_t> units = busy ? leases_.HeldAlone(*busy) : std::vector<size_t>();
    EXPECT_EQ(units, plain) << actor.id << " at " << now_;
    if (units.empty()) CheckNext(actor);
    if (units.empty() || units != plain) return false;
    ++found_;
    for (const size_t unit : units) leases_.GrantToo(actor.holder, unit, now_);
    Give(actor, units);
    Place(actor);
    Follow();
    return true;
  }

  void CheckTheFastest() {
    const Actor* fastest = nullptr;
    double total = 0;
    bool all_busy = true;
    for (const Actor& actor : actors_) {
      const bool idle = leases_.HeldBy(actor.holder) == 0;
      all_busy = all_busy && !idle;
      const double rate = actor.pace.episodes_per_second();
      const bool late = !idle && actor.pace.working() && now_ >= actor.pace.LateAt();
      if (!late) total += rate;
      if (!idle) continue;
      const double best = fastest == nullptr ? -1 : fastest->pace.episodes_per_second();
      if (rate > best || (rate == best && actor.id < fastest->id)) fastest = &actor;
    }
    ASSERT_EQ(workforce_.idle().empty(), all_busy);
    if (fastest != nullptr) {
      ASSERT_EQ((*workforce_.idle().begin())->name, fastest->id);
    }
    const bool nobody = workforce_.NobodyHasAShare(1 + Below(20), now_);
    EXPECT_NEAR(workforce_.TotalRate(), total, 1e-9 * (1 + total));
    if (all_busy) {
      EXPECT_TRUE(nobody);
    }
  }

  // Until the instant that the search names, nothing is found either.
  void CheckNext(const Actor& idle) {
    const std::optional<Time> next = search_.Next(idle.pace.episodes_per_second(), Room(idle), now_);
    EXPECT_TRUE(!next || *next > now_);
    const Time before = now_;
    now_ = next ? before + 0.999 * (*next - before) : before + 1000;
    EXPECT_TRUE(Plain(idle).empty()) << idle.id << " at " << now_ << ", asked at " << before;
    now_ = before;
  }

  // By a loop over all: the late one with the oldest lease, else the one that ends last.
  std::vector<size_t> Plain(const Actor& idle) const {
    std::vector<size_t> late_units, last_units;
    std::pair<Time, std::string> late, last;
    for (const Actor& other : actors_) {
      const std::vector<size_t> units = leases_.HeldAlone(other.holder);
      if (units.empty() || units.size() > Room(idle)) continue;
      const double needed = 1.25 * static_cast<double>(units.size()) * kUnitEpisodes / idle.pace.episodes_per_second();
      const Pace& pace = other.pace;
      const bool is_late = now_ >= pace.LateAt();
      if (is_late && now_ >= pace.granted() + needed &&
          (late_units.empty() || std::pair(pace.granted(), other.id) < late)) {
        late = {pace.granted(), other.id};
        late_units = units;
      }
      if (!is_late && *pace.ExpectedEnd() >= now_ + needed &&
          (last_units.empty() || std::pair(-*pace.ExpectedEnd(), other.id) < last)) {
        last = {-*pace.ExpectedEnd(), other.id};
        last_units = units;
      }
    }
    return late_units.empty() ? last_units : late_units;
  }

  std::mt19937_64 random_;
  std::deque<Actor> actors_;
  std::map<HolderId, std::deque<size_t>> work_;
  LeaseTable leases_{kLeaseSeconds};
  Workforce workforce_{kUnitEpisodes, 10};
  LateSearch search_{kUnitEpisodes};
  Time now_ = 1;
  int found_ = 0;
};

TEST(LateSearch, FindsWhatALoopOverAllActorsFinds) {
  int found = 0;
  for (uint64_t seed = 1; seed <= 60 && !::testing::Test::HasFailure(); ++seed) {
    History history(seed);
    for (int step = 0; step < 400 && !::testing::Test::HasFailure(); ++step) history.Step();
    found += history.found();
  }
  EXPECT_GT(found, 1000);
}

// A share of half a unit is rounded up, and nothing less is a share.
TEST(Workforce, SaysThatNobodyHasAShareOnlyWhereThatIsSo) {
  Workforce workforce(1, 10);
  std::deque<Actor> actors(4);
  LeaseTable leases(kLeaseSeconds);
  leases.Open(100, 1);
  for (size_t a = 0; a < actors.size(); ++a) {
    actors[a].id = std::string(1, static_cast<char>('a' + a));
    actors[a].holder = a + 1;
    v1::Lease lease;
    v1::UnitId* unit = lease.add_units();
    unit->set_update(1);
    unit->set_count(1);
    actors[a].pace.OnGranted(lease, 0);
    actors[a].pace.OnArrived(*unit, 1, 1);  // one episode a second
    if (a > 0) actors[a].pace.OnGranted(lease, 1);
    workforce.Place(actors[a], /*idle=*/a == 0, 1);
  }
  EXPECT_TRUE(workforce.NobodyHasAShare(1, 1.1));   // 1 of 4
  EXPECT_FALSE(workforce.NobodyHasAShare(2, 1.1));  // 2 of 4
  EXPECT_TRUE(workforce.NobodyHasAShare(1, 9.9));
  EXPECT_FALSE(workforce.NobodyHasAShare(1, 10));  // the idle one may be faster by now
  workforce.Advance(2.5);                          // the three are late from here on
  EXPECT_FALSE(workforce.NobodyHasAShare(1, 2.5));
  EXPECT_NEAR(workforce.TotalRate(), 1, 1e-12);
}

}  // namespace
}  // namespace nmn::ingest
