#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/config/config.h"

namespace nmn::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string ErrorOf(const std::string& text) { return std::string(Parse(text, "run.textproto").status().message()); }

class ConfigFile : public ::testing::Test {
 protected:
  std::string Write(const std::string& text) {
    const std::string path = ::testing::TempDir() + "nmn_config_test.textproto";
    std::ofstream(path) << text;
    return path;
  }
};

TEST(Parse, NamesFileLineGroupAndTheNearestField) {
  EXPECT_EQ(ErrorOf("benchmark: \"b1\"\nppo {\n  kept_stps: 3\n}\n"),
            "run.textproto:3: unknown field \"kept_stps\" in ppo; did you mean kept_steps?");
  EXPECT_EQ(ErrorOf("ppo { kl_penalty {\nkl_targt: 1 } }"),
            "run.textproto:2: unknown field \"kl_targt\" in ppo.kl_penalty; did you mean kl_target?");
}

TEST(Parse, AnEmptyFileIsNoConfig) {
  for (const char* text : {"", " \n\t"}) {
    EXPECT_EQ(std::string(Parse(text, "a.textproto").status().message()),
              "a.textproto is empty; it must have every field of a config, as nmn train --print_config prints them");
  }
}

TEST(Parse, NamesTheNearestFieldAtTheTop) {
  EXPECT_EQ(ErrorOf("benchmrk: \"b1\""), "run.textproto:1: unknown field \"benchmrk\"; did you mean benchmark?");
}

TEST(Parse, ListsTheFieldsWhereNoneIsNear) {
  EXPECT_EQ(ErrorOf("budget { zzzzzz: 1 }"),
            "run.textproto:1: unknown field \"zzzzzz\" in budget; the fields are updates, episodes, stop_at_return");
}

TEST(Parse, MistakesOfSyntaxAndValueAreOneLineWithItsNumber) {
  for (const char* text : {"\n\nseed: -1", "\n\nmode: FAST", "\n\nseed: 1 seed: 2", "\n\nppo {", "\n\n}",
                           "\n\nseed: \"x\"", "\n\nseed 1", "\n\nbudget { updates: 99999999999 }", "\n\nenv: 3"}) {
    EXPECT_THAT(ErrorOf(text), StartsWith("run.textproto:3: ")) << text;
    EXPECT_THAT(ErrorOf(text), Not(HasSubstr("\n"))) << text;
  }
}

TEST(Parse, WhatIsNoTextprotoIsToldWhatOneIs) {
  EXPECT_THAT(ErrorOf("{\"seed\": 1}"),
              HasSubstr("; a config is a textproto, as nmn train --print_config prints them"));
  EXPECT_EQ(ErrorOf(std::string("seed: 1\n\0\1", 10)),
            "run.textproto is no text: its byte 8 is a control character; a config is a textproto, as nmn train "
            "--print_config prints them");
}

TEST(Parse, ANumberThatTheFormatReadsAsOctalIsRefused) {
  for (const char* number : {"010", "08", "00"}) {
    EXPECT_EQ(ErrorOf(std::string("# 010\npreset: \"010\"\nseed: ") + number),
              std::string("run.textproto:3: ") + number +
                  " begins with 0, which makes it octal in this format; leave the 0 out");
  }
  const auto config = Parse("seed: 0 ppo { discount: 0.5 trace_decay: 0.5e-01 } budget { updates: 10 }", "x");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->ppo().discount(), 0.5);
  EXPECT_EQ(config->budget().updates(), 10u);
}

TEST(Parse, TheMarkOfUtf8IsNoPartOfTheText) {
  const auto config = Parse("\xEF\xBB\xBFseed: 7\n", "run.textproto");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->seed(), 7u);
  EXPECT_EQ(ErrorOf("\xEF\xBB\xBF\nseeed: 7"), "run.textproto:2: unknown field \"seeed\"; did you mean seed?");
}

TEST(Parse, ATextThatIsNoUtf8SaysSo) {
  EXPECT_EQ(ErrorOf(std::string("\xFF\xFEs\0", 4)),
            "run.textproto is UTF-16 or UTF-32, by its first bytes; save it as UTF-8");
  EXPECT_THAT(ErrorOf(std::string("\xFE\xFF\0s", 4)), HasSubstr("save it as UTF-8"));
}

TEST(Parse, NamesTheLegalValuesOfAnEnumeration) {
  EXPECT_EQ(ErrorOf("mode: FAST"), "run.textproto:1: mode takes one of SYNC, ASYNC, not \"FAST\"");
  EXPECT_EQ(ErrorOf("env { domain: PAPER }"),
            "run.textproto:1: env.domain takes one of DOMAIN_REFERENCE, DOMAIN_PAPER, not \"PAPER\"");
}

TEST_F(ConfigFile, MissingFileIsNotFoundAndNamed) {
  const absl::Status status = Load("/nonexistent/run.textproto").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "cannot read the config /nonexistent/run.textproto: No such file or directory");
}

TEST_F(ConfigFile, ADirectoryIsRefused) {
  EXPECT_EQ(Load("/usr").status().message(), "cannot read the config /usr: Is a directory");
  const std::string directory = ::testing::TempDir() + "a-run", file = directory + "/config.textproto";
  std::filesystem::create_directories(directory);
  std::ofstream(file) << "benchmark: \"b1\"\n";
  EXPECT_EQ(Load(directory).status().message(),
            "cannot read the config " + directory + ": Is a directory; the config of that run is " + file);
  std::filesystem::remove_all(directory);
}

TEST_F(ConfigFile, AnImpossibleValueIsPlacedOnItsLine) {
  v1::RunConfig config = *Preset("reference", "b1", "nmn");
  config.mutable_ppo()->mutable_kl_penalty()->set_kl_target(-0.1);
  const std::string text = Print(config);
  const size_t place = text.find("kl_target");
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(place), '\n');
  const std::string path = Write(text);
  EXPECT_EQ(Load(path).status().message(),
            path + ":" + std::to_string(line) +
                ": ppo.kl_penalty.kl_target is -0.1; it must be above 0 (the paper's reference uses 0.003)");
}

TEST_F(ConfigFile, AnElementOfAListIsPlacedOnItsOwnLine) {
  std::string text = Print(*Preset("reference", "b3", "nmn"));
  const size_t place = text.find("env {\n");
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(place), '\n');
  text.insert(place + 6, "  tasks: 1\n  tasks: 2\n");
  const std::string path = Write(text);
  EXPECT_THAT(std::string(Load(path).status().message()),
              StartsWith(path + ":" + std::to_string(line + 2) + ": env.tasks[1] is 2; it must be 0 "));
}

TEST_F(ConfigFile, AnAbsentValueIsPlacedInItsFile) {
  const std::string path = Write("benchmark: \"b1\"\n");
  EXPECT_EQ(Load(path).status().message(),
            path + ": mode is MODE_UNSPECIFIED; it must be SYNC or ASYNC (the presets use SYNC)");
}

TEST_F(ConfigFile, AFileLargerThanAMebibyteIsRefused) {
  const std::string path = Write(std::string((1 << 20) + 1, '#'));
  EXPECT_THAT(std::string(Load(path).status().message()), HasSubstr("larger than 1 MiB"));
}

TEST_F(ConfigFile, AWholeConfigLoads) {
  const v1::RunConfig config = *Preset("fast", "b2", "rnn");
  const auto loaded = Load(Write(Print(config)));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->SerializeAsString(), config.SerializeAsString());
}

}  // namespace
}  // namespace nmn::config
