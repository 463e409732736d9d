#include "common/usage/manual.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nmn::usage {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Verb Program() {
  Verb program;
  program.name = "nmn-tool";
  program.summary = "Does one thing. And another.";
  return program;
}

std::string Page(const Verb& program) { return ManualPage(program, {"1.2.3", "2026-11-30"}); }

Flag WithHelp(const std::string& help) {
  Flag flag;
  flag.names = {"--some_flag", "-s"};
  flag.help = help;
  flag.value.name = "DIR";
  return flag;
}

TEST(ManualPage, HasProgramEditionAndOneLineForWhatis) {
  EXPECT_THAT(Page(Program()), AllOf(HasSubstr(".TH NMN\\-TOOL 1 \"2026-11-30\" \"nmn 1.2.3\" \"User Commands\"\n"),
                                     HasSubstr(".SH NAME\nnmn\\-tool \\-\ndoes one thing\n")));
}

TEST(ManualPage, NoTextIsTakenForARequest) {
  Verb program = Program();
  program.flags = {WithHelp(".so /etc/passwd and 'x' with a \\n")};
  EXPECT_THAT(Page(program),
              AllOf(HasSubstr("\n\\&.so /etc/passwd and \\(aqx\\(aq with a \\en.\n"), Not(HasSubstr("\n.so"))));
}

TEST(ManualPage, AFlagHasItsNamesItsValueAndWhatItTakes) {
  Verb program = Program();
  Flag flag = WithHelp("how many");
  flag.usual = "4";
  flag.value.name = "INT";
  flag.value.range = "1 to 9";
  program.flags = {flag};
  EXPECT_THAT(Page(program), HasSubstr(".TP\n\\fB\\-\\-some_flag\\fR=\\fIINT\\fR, \\fB\\-s\\fR=\\fIINT\\fR\nHow many.\n"
                                       "From 1 to 9.\nDefault: \\fB4\\fR.\n"));
  program.flags[0].value = {};
  program.flags[0].value.words = {"one", "two"};
  program.flags[0].value.closed = true;
  EXPECT_THAT(Page(program), HasSubstr("One of \\fBone\\fR, \\fBtwo\\fR.\n"));
}

TEST(ManualPage, ExitCodesAreAListAndExamplesStayAsTheyAre) {
  Verb program = Program();
  program.footer =
      "It is quick.\nExample:  nmn-tool --a  |  b\n          nmn-tool\nExit codes: 0 done; 42 it cannot work.";
  EXPECT_THAT(Page(program),
              AllOf(HasSubstr("It is quick.\n"), HasSubstr(".EX\nnmn\\-tool \\-\\-a  |  b\nnmn\\-tool\n.EE"),
                    HasSubstr(".SH EXIT STATUS\n.TP\n\\fB0\\fR\nDone.\n.TP\n\\fB42\\fR\nIt cannot work.\n")));
}

TEST(ManualPage, EachVerbHasASectionOfItsOwn) {
  Verb program = Program();
  Verb below;
  below.name = "nmn-tool play";
  below.summary = "Play";
  below.operands.resize(1);
  below.operands[0].value.name = "RUN_DIR";
  below.operands[0].repeated = true;
  program.verbs = {below};
  EXPECT_THAT(Page(program), AllOf(HasSubstr(".SH VERBS\n.TP\n\\fBplay\\fR\nPlay.\n"),
                                   HasSubstr(".SS nmn\\-tool play\n.B nmn\\-tool play\n[\\fIRUN_DIR\\fR...]\n")));
}

}  // namespace
}  // namespace nmn::usage
