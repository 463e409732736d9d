// nmn analyse as a real process.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/subprocess.h"
#include "tests/unit/cli/policy_fixture.h"

namespace nmn::cli {
namespace {

using ::nmn::testing::Outcome;
using ::nmn::testing::ReadFile;
using ::testing::HasSubstr;

Outcome Nmn(std::vector<std::string> arguments, std::vector<std::string> environment = {}) {
  arguments.insert(arguments.begin(), nmn::testing::Binary("nmn"));
  return nmn::testing::RunProcess(std::move(arguments), std::chrono::seconds(60), std::move(environment));
}

std::string WritePolicy(const nmn::testing::TemporaryDirectory& folder, const std::string& benchmark,
                        const std::string& architecture) {
  std::string file = folder.path() + "/" + benchmark + "-" + architecture + ".safetensors";
  nmn::testing::WriteFile(file, Encode(MakePolicy("reference", benchmark, architecture, {"env.horizon=60"})));
  return file;
}

size_t Lines(const std::string& text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }

TEST(NmnAnalyse, WritesTablesFiguresAndASummaryOfEachBenchmark) {
  for (const char* benchmark : {"b1", "b2", "b3"}) {
    nmn::testing::TemporaryDirectory folder;
    const std::string policy = WritePolicy(folder, benchmark, "nmn"), out = folder.path() + "/out";
    const Outcome outcome =
        Nmn({"analyse", policy, "--episodes=40", "--points=30", "--out=" + out, "--json", "--format=svg,png"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(Lines(outcome.out), 1u);
    EXPECT_EQ(outcome.out, ReadFile(out + "/analysis.json"));
    const auto json = nlohmann::json::parse(outcome.out);
    const auto eval = nlohmann::json::parse(Nmn({"eval", "--policy=" + policy, "--episodes=40", "--json"}).out);
    EXPECT_EQ(json["adaptation"]["policy"]["return_mean"], eval["return_mean"]);
    EXPECT_EQ(json["adaptation"]["policy"]["discounted_sem"], eval["discounted_sem"]);
    EXPECT_THAT(json["config_hash"].get<std::string>(), ::testing::MatchesRegex("[0-9a-f]{64}"));
    EXPECT_EQ(json["signal"]["steps"].size(), 5u);
    EXPECT_EQ(json["signal"]["steps"][0]["r_squared"], nullptr);  // nothing was fed back yet
    EXPECT_EQ(Lines(ReadFile(out + "/episodes.csv")), 41u);
    EXPECT_EQ(Lines(ReadFile(out + "/rewards.csv")), 61u);
    EXPECT_EQ(Lines(ReadFile(out + "/signal_by_task.csv")), 5 * 30 + 1u);
    EXPECT_EQ(Lines(ReadFile(out + "/reward_by_task.csv")), 5 * 30 + 1u);
    for (const char* figure : {"signal_by_task", "rewards", "signal"}) {
      EXPECT_THAT(ReadFile(out + "/" + figure + ".svg"), HasSubstr("</svg>")) << figure;
      EXPECT_THAT(ReadFile(out + "/" + figure + ".png"), ::testing::StartsWith("\x89PNG")) << figure;
    }
  }
}

TEST(NmnAnalyse, HasTheSameBytesTwice) {
  nmn::testing::TemporaryDirectory folder;
  const std::string policy = WritePolicy(folder, "b2", "nmn"), one = folder.path() + "/one",
                    other = folder.path() + "/2";
  ASSERT_EQ(Nmn({"analyse", policy, "--episodes=30", "--out=" + one, "--format=svg"}).code, 0);
  ASSERT_EQ(Nmn({"analyse", policy, "--episodes=30", "--out=" + other, "--format=svg"}).code, 0);
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(one)) {
    const std::string name = entry.path().filename();
    EXPECT_EQ(ReadFile(entry.path()), ReadFile(other + "/" + name)) << name;
    ++files;
  }
  EXPECT_EQ(files, 10u);
}

TEST(NmnAnalyse, OfAnRnnHasAllButZ) {
  nmn::testing::TemporaryDirectory folder;
  const std::string policy = WritePolicy(folder, "b1", "rnn"), out = folder.path() + "/out";
  const Outcome outcome = Nmn({"analyse", policy, "--episodes=30", "--out=" + out, "--format=png,png"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("/*.csv and " + out + "/*.png\n"));
  EXPECT_THAT(outcome.out, HasSubstr("it has no z: only an NMN has"));
  EXPECT_THAT(outcome.out, HasSubstr("regret against adaptive"));
  EXPECT_FALSE(std::filesystem::exists(out + "/signal.csv"));
  EXPECT_TRUE(std::filesystem::exists(out + "/signal_by_task.png"));
}

TEST(NmnAnalyse, WithoutGnuplotHasEverythingButTheFiguresAndSaysSo) {
  nmn::testing::TemporaryDirectory folder;
  const std::string out = folder.path() + "/out";
  const Outcome outcome =
      Nmn({"analyse", WritePolicy(folder, "b1", "nmn"), "--episodes=30", "--out=" + out}, {"PATH=" + folder.path()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("apt-get install gnuplot-nox"));
  EXPECT_TRUE(std::filesystem::exists(out + "/signal.csv"));
  EXPECT_FALSE(std::filesystem::exists(out + "/rewards.svg"));
}

TEST(NmnAnalyse, WhatIsNoPolicyOfThePapersBenchmarksIsNamedAndNothingIsWritten) {
  nmn::testing::TemporaryDirectory folder;
  const std::string out = folder.path() + "/out";
  const auto expect = [&](const std::vector<std::string>& arguments, const std::string& words) {
    std::vector<std::string> all = {"analyse", "--out=" + out};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Outcome outcome = Nmn(all);
    EXPECT_EQ(outcome.code, 42);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr(words));
    EXPECT_EQ(Lines(outcome.err), 1u) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(out));
  };
  expect({"adaptive"}, "adaptive is no policy; it must be a run directory");
  expect({}, "POLICY");
  expect({WritePolicy(folder, "b1", "nmn"), "--episodes=19"}, "--episodes");
  expect({WritePolicy(folder, "b1", "nmn"), "--set", "task.horizon=-1"}, "horizon");
  policy::NetworkPolicy pendulum = MakePolicy("default", "pendulum", "nmn");
  const std::string file = folder.path() + "/pendulum.safetensors";
  nmn::testing::WriteFile(file, Encode(pendulum));
  expect({file}, file + ": its task is pendulum; only those of the paper can be analysed: b1, b2, b3");
}

TEST(NmnAnalyse, TheNameOfAFigureIsNoFolder) {
  nmn::testing::TemporaryDirectory folder;
  const std::string out = folder.path() + "/z.png";
  const Outcome outcome = Nmn({"analyse", WritePolicy(folder, "b1", "nmn"), "--out=" + out});
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("--out=" + out + ": it must name a folder"));
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(NmnAnalyse, LeavesTheFilesOfARunAlone) {
  nmn::testing::TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  ASSERT_TRUE(std::filesystem::create_directories(run + "/checkpoints"));
  nmn::testing::WriteFile(run + "/episodes.csv", "the run's own\n");
  const Outcome outcome = Nmn({"analyse", WritePolicy(folder, "b1", "nmn"), "--out=" + run});
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("--out: " + run + " is a run directory"));
  EXPECT_EQ(ReadFile(run + "/episodes.csv"), "the run's own\n");
}

}  // namespace
}  // namespace nmn::cli
