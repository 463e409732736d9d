#include "common/usage/value_names.h"

#include <gtest/gtest.h>

namespace nmn::usage {
namespace {

Flag Taking(const std::string& name, std::vector<std::string> words) {
  Flag flag;
  flag.names = {"--some"};
  flag.value.name = name;
  flag.value.words = std::move(words);
  return flag;
}

TEST(ValueNames, GivesOneNameToOneSetOfWords) {
  Verb program;
  program.flags = {Taking("FORMAT", {"text", "json"}), Taking("FORMAT", {"svg"}), Taking("FORMAT", {"text", "json"}),
                   Taking("FIELD=VALUE", {"seed="}), Taking("DIR", {})};
  const ValueNames names(program);
  EXPECT_EQ(names.NameOf(program.flags[0].value), "FORMAT");
  EXPECT_EQ(names.NameOf(program.flags[1].value), "FORMAT_2");
  EXPECT_EQ(names.NameOf(program.flags[2].value), "FORMAT");
  EXPECT_EQ(names.NameOf(program.flags[3].value), "FIELD_VALUE");
  EXPECT_EQ(names.NameOf(program.flags[4].value), "");
  EXPECT_EQ(names.all().size(), 3u);
}

}  // namespace
}  // namespace nmn::usage
