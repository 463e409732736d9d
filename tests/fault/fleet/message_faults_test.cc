// Rows 12 and 13 at a real learner: messages that come more than once, out of order or from before its restart, and
// acknowledgements that never arrive.

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/build/build.h"
#include "common/net/channel.h"
#include "tests/fault/fleet/certificates.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/fleet/records.h"
#include "tests/fault/row.h"
#include "tests/integration/tiny_run.h"
#include "tests/support/history.h"
#include "tests/unit/learner/service/raw_actor.h"

namespace nmn::fault {
namespace {

constexpr uint32_t kEpisodes = 20;  // of an update of a tiny run
constexpr uint32_t kRestartEvery = 10;

// Plays every unit of a learner by formula, so that the weights are a function of the units alone.
class Player {
 public:
  explicit Player(Fleet& fleet)
      : actor_(net::CreateChannel({"127.0.0.1", fleet.port()}, ActorCredentials("raw")), "raw", build::ThisBuild()),
        fleet_(fleet) {}

  // After each start of the learner.
  bool Join() {
    if (fleet_.SecondsToServe() < 0 || !actor_.Register().ok()) return false;
    actor_.Open();
    actor_.Hello();
    return true;
  }

  // The next units of `update`; none where the stream has ended.
  std::vector<v1::Trajectory> Units(uint32_t update) {
    while (leased_[update].empty()) {
      const v1::LearnerMessage message = actor_.Next();
      if (message.body_case() == v1::LearnerMessage::BODY_NOT_SET) return {};
      Keep(message);
    }
    std::vector<v1::Trajectory> units = std::move(leased_[update]);
    leased_.erase(update);
    return units;
  }

  // Sends it and waits for the word on it.
  v1::RejectReason Deliver(const v1::Trajectory& trajectory) {
    v1::ActorMessage message;
    *message.mutable_trajectory() = trajectory;
    actor_.Send(message);
    while (true) {
      const v1::LearnerMessage answer = actor_.Next();
      if (answer.has_acknowledgement()) return answer.acknowledgement().reason();
      if (answer.body_case() == v1::LearnerMessage::BODY_NOT_SET) return v1::REJECT_REASON_UNSPECIFIED;
      Keep(answer);
    }
  }

  // The stream of a learner that is gone, with what it had leased.
  void Forget() {
    actor_.Kill();
    leased_.clear();
  }

 private:
  void Keep(const v1::LearnerMessage& message) {
    for (const v1::UnitId& unit : message.lease().units()) leased_[unit.update()].push_back(actor_.Play(unit, 0.5f));
  }

  service::RawActor actor_;
  Fleet& fleet_;
  std::map<uint32_t, std::vector<v1::Trajectory>> leased_;  // by update
};

FleetOptions Options(uint32_t updates) {
  // The formula is no policy's: every update of the policy is reverted.
  return {.updates = static_cast<int>(updates),
          .lease_seconds = 600,
          .set = {"work.unit_episodes=1", "work.max_consecutive_reverts=1000000"}};
}

std::string HashOfEachMessageOnce(uint32_t updates) {
  Fleet fleet(Options(updates));
  fleet.StartLearner();
  Player player(fleet);
  EXPECT_TRUE(player.Join()) << fleet.learner().err();
  for (uint32_t update = 1; update <= updates; ++update) {
    for (uint32_t episodes = 0; episodes < kEpisodes;) {
      const std::vector<v1::Trajectory> units = player.Units(update);
      if (units.empty()) return "";
      for (const v1::Trajectory& unit : units) EXPECT_EQ(player.Deliver(unit), v1::ACCEPTED);
      episodes += static_cast<uint32_t>(units.size());
    }
  }
  EXPECT_EQ(fleet.learner().Wait(), 0) << fleet.learner().err();
  return testing::WeightsHash(fleet.directory());
}

struct Tally {
  uint64_t messages = 0;
  uint64_t effects = 0;
  uint64_t double_effects = 0;
};

// Delivers what an update still needs one to five times each, shuffled among messages of the update before and of the
// generation before; false where the learner is gone.
bool PlayUpdate(Player& player, uint32_t update, std::vector<v1::Trajectory>& earlier, std::mt19937_64& random,
                Tally& tally) {
  std::vector<v1::Trajectory> on_the_way = std::move(earlier);
  earlier.clear();
  std::map<uint32_t, int> effects;  // by episode
  while (effects.size() < kEpisodes) {
    for (const v1::Trajectory& unit : player.Units(update)) {
      const uint64_t copies = 1 + Below(random, 5);
      for (uint64_t copy = 0; copy < copies; ++copy) on_the_way.push_back(unit);
      earlier.push_back(unit);
    }
    if (on_the_way.empty()) return false;
    std::shuffle(on_the_way.begin(), on_the_way.end(), random);
    for (const v1::Trajectory& message : on_the_way) {
      const v1::RejectReason reason = player.Deliver(message);
      // The last update's stream ends when the run is complete, whatever is still on the way.
      if (reason == v1::REJECT_REASON_UNSPECIFIED) return effects.size() == kEpisodes;
      ++tally.messages;
      if (reason != v1::ACCEPTED) continue;
      ++tally.effects;
      const bool again = ++effects[message.first_episode()] > 1;
      tally.double_effects += again || message.unit().update() != update ? 1 : 0;
    }
    on_the_way.clear();
  }
  return true;
}

TEST(Row12, RepeatedShuffledAndReplayedMessagesHaveOneEffectAtARealLearner) {
  const auto updates = static_cast<uint32_t>(Count(8, 130));
  const std::string once = HashOfEachMessageOnce(updates);
  Fleet fleet(Options(updates));
  std::mt19937_64 random(12);
  Tally tally;
  fleet.StartLearner();
  Player player(fleet);
  ASSERT_TRUE(player.Join()) << fleet.learner().err();
  std::vector<v1::Trajectory> earlier;
  uint64_t restarts = 0;
  uint32_t next_restart = 5;
  for (uint32_t update = 1; update <= updates; ++update) {
    ASSERT_TRUE(PlayUpdate(player, update, earlier, random, tally)) << "update " << update << fleet.learner().err();
    if (update != next_restart) continue;
    // The next life goes on after the last checkpoint, and hears the messages of this one.
    fleet.learner().Signal(SIGKILL);
    fleet.learner().Wait();
    player.Forget();
    fleet.StartLearner();
    ASSERT_TRUE(player.Join()) << fleet.learner().err();
    ++restarts;
    next_restart += kRestartEvery;
    update = static_cast<uint32_t>(RestoredUpdate(fleet.learner().err()));
  }
  EXPECT_EQ(fleet.learner().Wait(), 0) << fleet.learner().err();
  EXPECT_EQ(tally.double_effects, 0u);
  ExpectHash(testing::WeightsHash(fleet.directory()), once);
  ExpectRecords(fleet.directory(), static_cast<int>(updates));
  PrintFigure("12", absl::StrCat(tally.messages, " messages to a learner killed ", restarts, " times, ", tally.effects,
                                 " effects, ", tally.double_effects, " double effects, ", HashFigure()));
}

TEST(Row13, AnAcknowledgementThatIsLostIsGivenAgainAsADuplicate) {
  Fleet fleet({.updates = static_cast<int>(Count(8, 200))});
  fleet.StartLearner({"NMN_FAILPOINTS=ingest.acknowledge=1in:10:error:UNAVAILABLE", "NMN_FAILPOINT_SEED=13"});
  fleet.StartActors(2);
  fleet.ExpectWholeRun(std::chrono::seconds(Count(120, 3000)));
  const testing::History history =
      testing::ReadHistory(testing::ReadFile(fleet.directory() + "/events.jsonl"), kEpisodes);
  EXPECT_GT(history.duplicates, 0u);
  PrintFigure("13", absl::StrCat(history.accepted, " messages accepted, ", history.duplicates,
                                 " resent after a lost acknowledgement and acknowledged as duplicates, ",
                                 history.violations.size(), " double effects, ", HashFigure()));
}

}  // namespace
}  // namespace nmn::fault
