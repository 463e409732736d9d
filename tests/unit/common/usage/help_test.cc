#include "common/usage/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace nmn::usage {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Flag Number(const std::string& name, const std::string& group) {
  Flag flag;
  flag.names = {name};
  flag.help = "how many; does not change results";
  flag.group = group;
  flag.usual = "4";
  flag.value.name = "INT";
  flag.value.range = "1 to 9";
  return flag;
}

Verb Program() {
  Verb verb;
  verb.name = "tool run";
  verb.summary = "Runs";
  verb.flags = {Number("--a", "Options"), Number("--m", "Limits"), Number("--b", "Options")};
  return verb;
}

TEST(HelpText, AFlagSaysWhatItTakesOnce) {
  Verb verb = Program();
  EXPECT_THAT(HelpText(verb, 100),
              HasSubstr("  --a=INT                   how many; does not change results [1 to 9; default: 4]\n"));
  verb.flags[0].required = true;
  verb.flags[0].value = {.name = "BAND", .words = {"std", "sem"}, .closed = true};
  verb.flags[0].names = {"--task_of_a_long_name", "--band"};
  EXPECT_THAT(HelpText(verb, 100),
              HasSubstr("  --task_of_a_long_name, --band=BAND\n                            how many; "
                        "does not change results [std, sem; default: 4; required]\n"));
  verb.flags[0].help = "std or sem";
  EXPECT_THAT(HelpText(verb, 100), HasSubstr("std or sem [default: 4; required]\n"));
  verb.flags[0].is_switch = true;
  verb.flags[0].usual = "";
  verb.flags[0].required = false;
  EXPECT_THAT(HelpText(verb, 100), AllOf(HasSubstr("--band\n"), Not(HasSubstr("=BAND"))));
}

TEST(HelpText, GroupsStandInTheOrderOfTheirFirstFlags) {
  const std::string text = HelpText(Program(), 100);
  const auto place = [&](const char* words) { return text.find(words); };
  EXPECT_LT(place("\nOptions:\n"), place("  --a="));
  EXPECT_LT(place("  --a="), place("  --b="));
  EXPECT_LT(place("  --b="), place("\nLimits:\n"));
  EXPECT_LT(place("\nLimits:\n"), place("  --m="));
  EXPECT_NE(place("  --m="), std::string::npos);
}

TEST(HelpText, LinesAreNoLongerThanAsked) {
  Verb verb = Program();
  for (int i = 0; i < 40; ++i) verb.flags[1].help += " and so on";
  verb.footer = verb.flags[1].help;
  verb.flags[1].help += " b1(movingtarget),b2(windynavigation),b3(twotargets),bandit(Bernoullibandit)";  // one word
  for (const size_t width : {0, 60, 80, 100}) {
    std::istringstream lines(HelpText(verb, width));
    size_t longest = 0;
    for (std::string line; std::getline(lines, line);) {
      EXPECT_FALSE(line.ends_with(' ')) << line;
      if (line.find("b1(") == std::string::npos) longest = std::max(longest, line.size());
    }
    EXPECT_LE(longest, std::max<size_t>(width, 60));
    EXPECT_GE(longest, std::max<size_t>(width, 60) - 10);
  }
}

TEST(HelpText, ASentenceOfTheFooterThatWasBrokenIsOneAgain) {
  Verb verb;
  verb.name = "tool run";
  verb.footer = "It draws this, and\nwrites that.\nIt does more.\nExample:  tool run\n          tool run x";
  EXPECT_THAT(
      HelpText(verb, 100),
      ::testing::HasSubstr("\nIt draws this, and writes that.\nIt does more.\nExample:  tool run\n          tool "
                           "run x\n"));
}

TEST(HelpText, OperandsVerbsAndTheFooterHaveTheirPlaces) {
  Verb verb = Program();
  Verb below;
  below.name = "tool run status";
  below.summary = "How far";
  verb.verbs = {below};
  verb.footer = "Example:  tool run  x";
  EXPECT_THAT(HelpText(verb, 100),
              AllOf(HasSubstr("Runs\nUsage: tool run [OPTION]... VERB [ARGUMENT]...\n"),
                    HasSubstr("\nVerbs:\n  status                    How far\n"),
                    HasSubstr("\n\nExample:  tool run  x\nA flag --some_flag can also be set as NMN_SOME_FLAG")));
  Operand operand;
  operand.value.name = "DIR";
  operand.help = "where";
  operand.required = operand.repeated = true;
  verb.operands = {operand};
  EXPECT_THAT(HelpText(verb, 100),
              AllOf(HasSubstr("Usage: tool run [OPTION]... DIR...\n   or: tool run VERB [ARGUMENT]...\n"),
                    HasSubstr("\nArguments:\n  DIR ...                   where [required]\n")));
}

}  // namespace
}  // namespace nmn::usage
