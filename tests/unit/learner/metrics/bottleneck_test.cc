#include "learner/metrics/bottleneck.h"

#include <gtest/gtest.h>

namespace nmn::metrics {
namespace {

TEST(Bottleneck, IsTheActorsWhereTheLearnerWaitsForThem) {
  EXPECT_EQ(Bottleneck({{"collect", 6.2}, {"update", 3.5}, {"record", 0.3}}, 4),
            "The learner waits for actors 62 % of the time: more actors, on other cores or machines, would help.");
}

TEST(Bottleneck, IsTheLearnerWhereItHardlyWaits) {
  EXPECT_EQ(Bottleneck({{"collect", 1}, {"update", 8.5}, {"record", 0.5}}, 4),
            "The learner computes updates 85 % of the time and waits for actors 10 %: a faster CPU for the learner "
            "would help, more actors would not.");
}

TEST(Bottleneck, IsBothWhereNeitherStandsOut) {
  EXPECT_EQ(Bottleneck({{"collect", 3}, {"update", 7}}, 1),
            "The learner computes updates 70 % of the time and waits for actors 30 %: more actors would help some, a "
            "faster CPU for the learner too.");
}

TEST(Bottleneck, NamesTheFieldThatMakesMuchOfIt) {
  EXPECT_EQ(Bottleneck({{"collect", 2}, {"update", 2}, {"evaluate", 6}}, 1),
            "Evaluations take 60 % of the time: fewer of them (eval.every_updates, eval.episodes) would help.");
  EXPECT_EQ(Bottleneck({{"collect", 2}, {"update", 2}, {"checkpoint", 6}}, 1),
            "Checkpoints take 60 % of the time: fewer of them (checkpoint.every_updates) or a faster disk would help.");
  EXPECT_EQ(Bottleneck({{"update", 2}, {"record", 3}}, 1),
            "Writing rows takes 60 % of the time: a faster disk would help.");
}

TEST(Bottleneck, SaysThatThereIsNoActor) {
  EXPECT_EQ(Bottleneck({{"collect", 1}}, 0), "No actor is connected: nothing is trained until one comes.");
}

TEST(Bottleneck, KnowsNothingBeforeAnUpdate) {
  for (const std::map<std::string, double>& none : {std::map<std::string, double>{}, {{"collect", 0.0}}}) {
    EXPECT_EQ(Bottleneck(none, 1),
              "No update has ended since the learner began: what it waits for shows after the first.");
  }
}

}  // namespace
}  // namespace nmn::metrics
