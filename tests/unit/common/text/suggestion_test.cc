#include "common/text/suggestion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nmn::text {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Near, ALetterTooManyTooFewOrAnotherIsNear) {
  const std::vector<std::string> flags = {"--seed", "--set", "--updates", "--episodes"};
  for (const char* name : {"--sede", "--seeed", "--see", "--SEED"})
    EXPECT_EQ(Near(name, flags).front(), "--seed") << name;
  EXPECT_THAT(Near("--update", flags), ElementsAre("--updates"));
  EXPECT_THAT(Near("--something", flags), IsEmpty());
}

TEST(Near, WhatDiffersInCaseAloneIsMeant) { EXPECT_THAT(Near("B1", {"b1", "b2", "b3"}), ElementsAre("b1")); }

TEST(Near, SaysThreeAtMost) { EXPECT_THAT(Near("b9", {"b1", "b2", "b3", "b4"}), ElementsAre("b1", "b2", "b3")); }

TEST(Suggestion, NamesAllWhereNoneIsNear) {
  EXPECT_EQ(Suggestion("--sede", {"--seed", "--out"}, "the flags"), "; did you mean --seed?");
  EXPECT_EQ(Suggestion("quite-else", {"train", "eval"}, "the verbs"), "; the verbs are train, eval");
}

}  // namespace
}  // namespace nmn::text
