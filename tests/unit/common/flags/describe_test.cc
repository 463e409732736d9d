#include "common/flags/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace nmn::flags {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Describing : public ::testing::Test {
 protected:
  // The flag of that name, of `app_`.
  usage::Flag Flag(const std::string& name, const usage::Kinds& kinds = {}) {
    for (const usage::Flag& flag : Describe(app_, kinds).flags) {
      if (flag.names[0] == name) return flag;
    }
    ADD_FAILURE() << "no flag " << name;
    return {};
  }

  CLI::App app_{"Does it", "tool"};
  std::string text_;
  std::vector<std::string> texts_;
  int number_ = 3;
  bool each_ = false;
};

TEST_F(Describing, AFlagHasAllOfItsNamesItsHelpAndItsDefault) {
  app_.add_option("--task,--benchmark,-t", text_, "which one")->type_name("TASK")->required();
  app_.add_option("--threads", number_)->capture_default_str()->check(CLI::Range(1, 1024));
  const usage::Flag task = Flag("--task");
  EXPECT_THAT(task.names, ElementsAre("--task", "--benchmark", "-t"));
  EXPECT_EQ(task.help, "which one");
  EXPECT_EQ(task.value.name, "TASK");
  EXPECT_TRUE(task.required);
  EXPECT_FALSE(task.is_switch || task.repeated || task.value.list);
  const usage::Flag threads = Flag("--threads");
  EXPECT_EQ(threads.usual, "3");
  EXPECT_EQ(threads.value.range, "1 to 1024");
}

TEST_F(Describing, ASwitchTakesNoValue) {
  app_.add_flag("--each", each_);
  EXPECT_TRUE(Flag("--each").is_switch);
  EXPECT_TRUE(Flag("--help").is_switch);
}

TEST_F(Describing, WordsAreThoseOfTheCheckElseThoseOfTheKind) {
  app_.add_option("--engine", text_)->type_name("ENGINE")->check(CLI::IsMember({"local", "slurm"}));
  app_.add_option("--task", text_)->type_name("TASK");
  app_.add_option("--out", text_)->type_name("DIR");
  app_.add_option("--name", text_);
  usage::Kinds kinds = usage::PathKinds();
  kinds["TASK"].words = {"b1", "b2"};
  kinds["ENGINE"].words = {"another"};
  EXPECT_THAT(Flag("--engine", kinds).value.words, ElementsAre("local", "slurm"));
  EXPECT_TRUE(Flag("--engine", kinds).value.closed);
  EXPECT_THAT(Flag("--task", kinds).value.words, ElementsAre("b1", "b2"));
  EXPECT_FALSE(Flag("--task", kinds).value.closed);
  EXPECT_TRUE(Flag("--out", kinds).value.folders);
  EXPECT_FALSE(Flag("--out", kinds).value.files);
  EXPECT_THAT(Flag("--name", kinds).value.words, IsEmpty());
}

TEST_F(Describing, ListsAndRepetitionsAreToldApart) {
  app_.add_option("--arch", texts_)->delimiter(',');
  app_.add_option("--set", texts_)->take_all()->delimiter('\0');
  EXPECT_TRUE(Flag("--arch").value.list);
  EXPECT_FALSE(Flag("--set").value.list);
  EXPECT_TRUE(Flag("--set").repeated);
}

TEST_F(Describing, VerbsAndOperandsAreInTheirOrderAndWhatIsHiddenIsLeftOut) {
  CLI::App* sweep = app_.add_subcommand("sweep", "Many");
  sweep->footer("Example:  tool sweep x");
  sweep->add_option("DIR", text_, "where")->required();
  sweep->add_subcommand("status", "How far");
  app_.add_subcommand("secret", "")->group("");
  app_.add_option("--secret", text_)->group("");
  const usage::Verb program = Describe(app_, usage::PathKinds());
  ASSERT_EQ(program.verbs.size(), 1u);
  EXPECT_EQ(program.flags.size(), 1u);  // --help
  const usage::Verb& verb = program.verbs[0];
  EXPECT_EQ(verb.name, "tool sweep");
  EXPECT_EQ(verb.footer, "Example:  tool sweep x");
  ASSERT_EQ(verb.operands.size(), 1u);
  EXPECT_EQ(verb.operands[0].value.name, "DIR");
  EXPECT_TRUE(verb.operands[0].value.folders && verb.operands[0].required && !verb.operands[0].repeated);
  ASSERT_EQ(verb.verbs.size(), 1u);
  EXPECT_EQ(verb.verbs[0].name, "tool sweep status");
}

}  // namespace
}  // namespace nmn::flags
