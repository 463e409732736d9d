#include "common/flags/usage_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/flags/flags.h"

namespace nmn::flags {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::internal::CaptureStderr;
using ::testing::internal::CaptureStdout;
using ::testing::internal::GetCapturedStderr;
using ::testing::internal::GetCapturedStdout;

class UsageFlags : public ::testing::Test {
 protected:
  void Add() {
    AddUsageFlags(app_, {"1.2.3", "2026-11-30"}, [this] {
      ++asked_;
      usage::Kinds kinds;
      kinds["TASK"].words = {"bandit"};
      return kinds;
    });
  }
  std::optional<int> Parse(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "tool");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    CaptureStdout();
    CaptureStderr();
    const std::optional<int> code = flags::Parse(app_, static_cast<int>(argv.size()) - 1, argv.data());
    out_ = GetCapturedStdout();
    err_ = GetCapturedStderr();
    return code;
  }

  CLI::App app_{"Does it", "tool"};
  std::string task_, out_, err_;
  int asked_ = 0;
};

TEST_F(UsageFlags, AProgramWithoutVerbsPrintsAndEndsWhateverElseIsMissing) {
  app_.add_option("--task", task_)->type_name("TASK")->required();
  Add();
  EXPECT_EQ(Parse({"--man"}), 0);
  EXPECT_THAT(out_, AllOf(HasSubstr(".TH TOOL 1"), HasSubstr("\\-\\-task")));
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    EXPECT_EQ(Parse({"--completion=" + shell}), 0);
    EXPECT_THAT(out_, HasSubstr("bandit")) << shell;
  }
  EXPECT_EQ(err_, "");
}

TEST_F(UsageFlags, AProgramWithVerbsHasAVerbForIt) {
  CLI::App* play = app_.add_subcommand("play", "Plays");
  play->add_option("--task", task_)->type_name("TASK");
  app_.require_subcommand(1);
  Add();
  EXPECT_EQ(Parse({"completion", "bash"}), std::nullopt);
  EXPECT_THAT(out_, AllOf(HasSubstr("complete -F _tool tool"), HasSubstr("'tool play'"), HasSubstr("bandit")));
  EXPECT_EQ(Parse({"--man"}), 0);
  EXPECT_THAT(out_, HasSubstr(".SS tool play"));
}

TEST_F(UsageFlags, AnotherShellIsRefusedInOneLineThatNamesThem) {
  Add();
  EXPECT_EQ(Parse({"--completion=tcsh"}), 42);
  EXPECT_THAT(err_, AllOf(HasSubstr("--completion"), HasSubstr("bash"), HasSubstr("zsh"), HasSubstr("fish")));
  EXPECT_EQ(out_, "");
}

TEST_F(UsageFlags, NoVariableAsksAndNothingIsDescribedUntilSomebodyDoes) {
  app_.add_option("--task", task_);
  Add();
  setenv("NMN_COMPLETION", "bash", 1);
  EXPECT_EQ(Parse({"--task=bandit"}), std::nullopt);
  unsetenv("NMN_COMPLETION");
  EXPECT_THAT(err_, HasSubstr("NMN_COMPLETION, which nothing reads"));
  EXPECT_EQ(out_, "");
  EXPECT_EQ(asked_, 0);
}

}  // namespace
}  // namespace nmn::flags
