#include "common/usage/description.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nmn::usage {
namespace {

TEST(Brief, IsTheFirstSentence) {
  EXPECT_EQ(Brief("Seeds, e.g. 1-30 or 1,2,5-8"), "Seeds, e.g. 1-30 or 1,2,5-8");
  EXPECT_EQ(Brief("A run for each value, e.g. x=0.9,0.95. A list stands in brackets"),
            "A run for each value, e.g. x=0.9,0.95");
  EXPECT_EQ(Brief(""), "");
}

TEST(Description, FindsEveryVerbInItsOrder) {
  Verb program;
  program.name = "nmn";
  program.verbs.resize(2);
  program.verbs[0].name = "nmn sweep";
  program.verbs[0].verbs.resize(1);
  program.verbs[0].verbs[0].name = "nmn sweep status";
  program.verbs[1].name = "nmn status";
  std::vector<std::string> names;
  for (const Verb* verb : AllVerbs(program)) names.push_back(verb->name);
  EXPECT_THAT(names, ::testing::ElementsAre("nmn", "nmn sweep", "nmn sweep status", "nmn status"));
  EXPECT_EQ(program.verbs[0].verbs[0].word(), "status");
  EXPECT_EQ(program.word(), "nmn");
}

TEST(Description, NamesOfFunctionsHaveNoDashes) { EXPECT_EQ(Identifier("nmn-actor"), "nmn_actor"); }

}  // namespace
}  // namespace nmn::usage
