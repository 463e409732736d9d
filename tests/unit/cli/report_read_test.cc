// What nmn report reads of a run directory, whole or not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "cli/report/run.h"
#include "tests/unit/cli/run_fixture.h"

namespace nmn::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using TrainingRun = Run;  // "Run" alone is a member of testing::Test

constexpr char kHeader[] = "update,episode,return,discounted_return\n";

TrainingRun Read(const std::string& path) {
  absl::StatusOr<Run> run = ReadRun(path);
  EXPECT_TRUE(run.ok()) << run.status();
  return run.ok() ? *std::move(run) : Run();
}

void WriteEpisodes(const std::string& path, const std::string& rows) {
  nmn::testing::WriteFile(path + "/episodes.csv", kHeader + rows);
}

TEST(ReadRun, LeavesOutARowThatIsBeingWritten) {
  nmn::testing::TemporaryDirectory folder;
  const std::string path = cli::MakeRun(folder, "a", 1, 4, 0);
  nmn::testing::WriteFile(path + "/episodes.csv", nmn::testing::ReadFile(path + "/episodes.csv") + "3,0,12.");
  const TrainingRun run = Read(path);
  EXPECT_THAT(run.returns, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(run.run_id, "a");
  EXPECT_THAT(run.notices, IsEmpty());
}

TEST(ReadRun, NamesTheLineThatIsNoRow) {
  nmn::testing::TemporaryDirectory folder;
  const std::string path = cli::MakeRun(folder, "a", 1, 4, 0);
  WriteEpisodes(path, "1,0,5,2\n1,1,five,2\n");
  EXPECT_THAT(std::string(ReadRun(path).status().message()), HasSubstr("episodes.csv:3"));
  for (const char* number : {"nan", "inf", "-nan", ""}) {
    WriteEpisodes(path, std::string("1,0,5,2\n1,1,") + number + ",2\n");
    EXPECT_THAT(std::string(ReadRun(path).status().message()), HasSubstr("episodes.csv:3")) << number;
  }
  nmn::testing::WriteFile(path + "/episodes.csv", "episode,return\n");
  EXPECT_THAT(std::string(ReadRun(path).status().message()), HasSubstr("episodes.csv:1: no columns update"));
}

TEST(ReadRun, CountsInASummaryThatNoRunHasSayNothing) {
  nmn::testing::TemporaryDirectory folder;
  const std::string path = cli::MakeRun(folder, "a", 1, 4, 0);
  nmn::testing::WriteFile(path + "/summary.json",
                          R"({"updates":1e300,"episodes":1e300,"wall_seconds":3.0,"phase_seconds":{"collect":1.0}})");
  const TrainingRun run = Read(path);
  EXPECT_FALSE(run.phases.has_value());
  EXPECT_THAT(run.notices, IsEmpty());
}

TEST(ReadRun, SaysWhatIsNoRunDirectory) {
  nmn::testing::TemporaryDirectory folder;
  const auto said = [](const std::string& path) { return std::string(ReadRun(path).status().message()); };
  const std::string needed =
      "; name the directory of a run, which nmn train --run_dir makes, or a folder that holds some";
  EXPECT_EQ(said(folder.path()), folder.path() +
                                     " is no run directory, and no folder of runs: neither it nor a folder in it has "
                                     "config.textproto" +
                                     needed);
  const std::string absent = folder.path() + "/b1-nmn-s2";
  EXPECT_EQ(said(absent), absent + " does not exist" + needed);
  EXPECT_EQ(said(absent + "/deeper/"), absent + "/deeper/ does not exist" + needed);
  // What is near.
  const std::string run = cli::MakeRun(folder, "b1-nmn-s1", 1, 4, 0);
  EXPECT_EQ(said(absent), absent + " does not exist" + needed + "; did you mean " + run + "?");
  EXPECT_EQ(said(run + "/episodes.csv"),
            run + "/episodes.csv is no run directory but a file" + needed + "; did you mean " + run + "?");
  nmn::testing::WriteFile(folder.path() + "/notes", "");
  EXPECT_EQ(said(folder.path() + "/notes"), folder.path() + "/notes is no run directory but a file" + needed);
  const std::string outer = folder.path() + "/all";
  std::filesystem::create_directories(outer + "/inner");
  std::filesystem::rename(run, outer + "/inner/a");
  EXPECT_THAT(said(outer), HasSubstr(needed + "; did you mean " + outer + "/inner?"));
}

// It has the file, which cannot be read.
TEST(ReadRun, ARunWhoseConfigCannotBeReadIsOne) {
  nmn::testing::TemporaryDirectory folder;
  std::filesystem::create_directories(folder.path() + "/config.textproto");
  EXPECT_THAT(std::string(ReadRun(folder.path()).status().message()), HasSubstr("/config.textproto: Is a directory"));
}

TEST(ReadRun, WhereEpisodesBeganAnewInMidRunTheRestKeepsItsPlace) {
  nmn::testing::TemporaryDirectory folder;
  const std::string path = cli::MakeRun(folder, "a", 1, 8, 0);
  WriteEpisodes(path, "3,0,4,2\n3,1,5,2.5\n4,0,6,3\n4,1,7,3.5\n");
  const TrainingRun run = Read(path);
  ASSERT_EQ(run.returns.size(), 8u);
  EXPECT_TRUE(std::isnan(run.returns[3]));
  EXPECT_EQ(run.returns[4], 4);
  EXPECT_THAT(run.notices, ElementsAre(HasSubstr("/episodes.csv:2: the episodes 1 to 4 are missing before update 3")));
}

TEST(ReadRun, SaysWhereTheEndIsLost) {
  nmn::testing::TemporaryDirectory folder;
  const std::string path = cli::MakeRun(folder, "a", 1, 8, 0);
  WriteEpisodes(path, "1,0,4,2\n");
  EXPECT_THAT(Read(path).notices, ElementsAre(HasSubstr("ends at episode 1, and")));
}

TEST(ReadRun, SaysWhereTheEndOfTheMetricsIsLost) {
  nmn::testing::TemporaryDirectory folder;
  const std::string path = cli::MakeRun(folder, "a", 1, 8, 0);
  const auto summary = [&](int updates) {
    nmn::testing::WriteFile(path + "/summary.json", "{\"episodes\":8,\"updates\":" + std::to_string(updates) + "}");
  };
  nmn::testing::WriteFile(path + "/metrics.jsonl", "{\"update\":1,\"wall_seconds\":1}\n");
  summary(1);
  EXPECT_THAT(Read(path).notices, IsEmpty());
  summary(3);
  EXPECT_THAT(Read(path).notices, ElementsAre(HasSubstr("metrics.jsonl ends at update 1, and")));
}

TEST(ReadRun, AConfigOfANewerProgramSaysSo) {
  nmn::testing::TemporaryDirectory folder;
  const std::string path = cli::MakeRun(folder, "a", 1, 4, 0), file = path + "/config.textproto";
  nmn::testing::WriteFile(file, nmn::testing::ReadFile(file) + "brand_new: 3\n");
  EXPECT_THAT(std::string(ReadRun(path).status().message()),
              ::testing::AllOf(HasSubstr(file + ":"), HasSubstr("unknown field \"brand_new\""),
                               HasSubstr("where a newer nmn wrote the file, use that one")));
}

TEST(ReadRun, RefusesRowsThatGoBack) {
  nmn::testing::TemporaryDirectory folder;
  const std::string path = cli::MakeRun(folder, "a", 1, 4, 0);
  for (const char* row : {"1,0,4,2\n", "0,0,4,2\n", "1e30,0,4,2\n"}) {
    WriteEpisodes(path, std::string("2,0,4,2\n") + row);
    EXPECT_THAT(std::string(ReadRun(path).status().message()), HasSubstr("episodes.csv:3: update")) << row;
  }
}

// A run of a million episodes has its budget in its config.
TEST(ReadRun, ARowBeyondTheBudgetIsNoReasonToMakeRoomForIt) {
  nmn::testing::TemporaryDirectory folder;
  const std::string path = cli::MakeRun(folder, "a", 1, 4, 0), file = path + "/episodes.csv";
  nmn::testing::WriteFile(path + "/config.textproto",
                          nmn::testing::ReadFile(path + "/config.textproto") + "budget { updates: 9 }\n");
  nmn::testing::WriteFile(file, nmn::testing::ReadFile(file) + "20000000,0,-1,-1\n");
  EXPECT_THAT(std::string(ReadRun(path).status().message()),
              HasSubstr("update 20000000 is beyond the run's budget of"));
}

TEST(ReadRun, ALineOfMetricsBeyondTheBudgetIsRefused) {
  nmn::testing::TemporaryDirectory folder;
  const std::string path = cli::MakeRun(folder, "a", 1, 4, 0), file = path + "/metrics.jsonl";
  nmn::testing::WriteFile(path + "/config.textproto",
                          nmn::testing::ReadFile(path + "/config.textproto") + "budget { updates: 9 }\n");
  nmn::testing::WriteFile(file, "{\"update\":1}\n{\"update\":4000000000}\n");
  EXPECT_THAT(std::string(ReadRun(path).status().message()),
              HasSubstr("metrics.jsonl:2: update 4000000000 is beyond the run's budget of 9"));
}

TEST(ReadRun, AnEpisodeBeyondItsUpdateIsNoReasonToMakeRoomForIt) {
  for (const char* episode : {"100000000", "2", "-1"}) {
    nmn::testing::TemporaryDirectory folder;
    const std::string path = cli::MakeRun(folder, "a", 1, 4, 0), file = path + "/episodes.csv";
    nmn::testing::WriteFile(file, nmn::testing::ReadFile(file) + "3," + episode + ",-1,-1\n");
    EXPECT_THAT(std::string(ReadRun(path).status().message()),
                HasSubstr(std::string("episode ") + episode + " is none of the 2 of an update"));
  }
}

TEST(ReadRun, AMetricsFileThatBeganAnewKeepsTheNumbersOfItsUpdates) {
  nmn::testing::TemporaryDirectory folder;
  const std::string path = cli::MakeRun(folder, "a", 1, 8, 0);
  nmn::testing::WriteFile(path + "/metrics.jsonl",
                          "{\"update\": 4, \"wall_seconds\": 1, \"discounted_last_1000\": 9}\n");
  const TrainingRun run = Read(path);
  ASSERT_EQ(run.updates.size(), 1u);
  EXPECT_EQ(run.updates[0].update, 4u);
  EXPECT_THAT(run.notices, ElementsAre(HasSubstr("the updates 1 to 3 are missing")));
  std::filesystem::remove(path + "/metrics.jsonl");
  EXPECT_THAT(Read(path).notices, ElementsAre(HasSubstr("metrics.jsonl is missing")));
}

}  // namespace
}  // namespace nmn::report
