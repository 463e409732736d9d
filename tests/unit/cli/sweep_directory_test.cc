#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/sweep/directory.h"
#include "cli/sweep/seeds.h"
#include "tests/support/subprocess.h"

namespace nmn::sweep {
namespace {

using ::nmn::testing::ReadFile;
using ::nmn::testing::TemporaryDirectory;
using ::nmn::testing::WriteFile;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Grid SmallGrid() {
  Grid grid;
  grid.benchmarks = {"b1"};
  grid.architectures = {"nmn", "rnn"};
  grid.seeds = {1, 2, 3};
  grid.preset = "fast";
  grid.updates = 4;
  grid.assignments = {"env.horizon=1000"};
  return grid;
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

std::vector<std::string> Names(const std::vector<SweepRun>& runs) {
  std::vector<std::string> names;
  for (const SweepRun& run : runs) names.push_back(run.name);
  return names;
}

TEST(Seeds, AreNumbersAndRanges) {
  EXPECT_THAT(*ParseSeeds("1-4,7"), ElementsAre(1, 2, 3, 4, 7));
  EXPECT_THAT(*ParseSeeds("9"), ElementsAre(9));
  EXPECT_EQ(FormatSeeds({1, 2, 3, 4, 7, 9, 10}), "1-4,7,9-10");
  EXPECT_THAT(*ParseSeeds(FormatSeeds({18446744073709551615u})), ElementsAre(18446744073709551615u));
}

TEST(Seeds, WhatTheyCannotBeIsSaid) {
  for (const char* text : {"", "x", "1-", "-1", "1--2", "1.5", "1-2-3", "18446744073709551616"})
    EXPECT_THAT(Message(ParseSeeds(text).status()), AllOf(HasSubstr("--seeds="), HasSubstr("1-30 or 1,2,5-8"))) << text;
  EXPECT_THAT(Message(ParseSeeds("5-2").status()), HasSubstr("the range 5-2 is empty"));
  EXPECT_THAT(Message(ParseSeeds("1-3,2").status()), HasSubstr("seed 2 stands twice"));
  EXPECT_THAT(Message(ParseSeeds("0-18446744073709551615").status()), HasSubstr("more than 1000 seeds"));
}

TEST(SweepGrid, IsBenchmarkThenArchitectureThenSeed) {
  const auto runs = Expand(SmallGrid());
  ASSERT_TRUE(runs.ok()) << runs.status();
  EXPECT_THAT(Names(*runs), ElementsAre("b1-nmn-s1", "b1-nmn-s2", "b1-nmn-s3", "b1-rnn-s1", "b1-rnn-s2", "b1-rnn-s3"));
  EXPECT_EQ(runs->at(4).config.seed(), 2u);
  EXPECT_EQ(runs->at(4).config.network().architecture(), v1::RNN);
  EXPECT_EQ(runs->at(4).config.budget().updates(), 4u);
  EXPECT_EQ(runs->at(4).config.env().horizon(), 1000u);
}

TEST(SweepGrid, BadValuesNameTheFlagAndWhatIsLegal) {
  Grid grid = SmallGrid();
  grid.benchmarks = {"b1", "b4"};
  EXPECT_THAT(Message(Expand(grid).status()), HasSubstr("--benchmark=b4: it must be one of b1, b2, b3"));
  grid = SmallGrid();
  grid.architectures = {"nmn", "nmn"};
  EXPECT_THAT(Message(Expand(grid).status()), HasSubstr("--arch: nmn stands twice"));
  grid = SmallGrid();
  grid.preset = "slow";
  EXPECT_THAT(Message(Expand(grid).status()), AllOf(HasSubstr("slow"), HasSubstr("reference")));
  grid = SmallGrid();
  grid.assignments = {"ppo.discount=2"};
  EXPECT_THAT(Message(Expand(grid).status()), HasSubstr("ppo.discount"));
  grid = SmallGrid();
  grid.seeds = *ParseSeeds("1-600");
  EXPECT_THAT(Message(Expand(grid).status()), HasSubstr("the grid has 1200 runs; a sweep has at most 1000"));
}

TEST(SweepDirectory, IsReadBackAsItWasMade) {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/new/sweep";
  const auto made = Create(path + "/", SmallGrid());
  ASSERT_TRUE(made.ok()) << made.status();
  const auto read = Read(path);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->grid, SmallGrid());
  EXPECT_EQ(read->path, std::filesystem::canonical(path).string());
  EXPECT_TRUE(Create(path, SmallGrid()).ok());
}

TEST(SweepDirectory, IsTheSameThroughASymbolicLink) {
  const TemporaryDirectory folder;
  ASSERT_TRUE(Create(folder.path() + "/sweep", SmallGrid()).ok());
  std::filesystem::create_directory_symlink("sweep", folder.path() + "/link");
  EXPECT_EQ(Read(folder.path() + "/link")->path, Read(folder.path() + "/sweep")->path);
}

TEST(SweepDirectory, HoldsAConfigForEachRunAndTheirOrder) {
  const TemporaryDirectory folder;
  const auto sweep = Create(folder.path(), SmallGrid());
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  ASSERT_TRUE(WriteDerived(*sweep).ok());
  EXPECT_EQ(ReadFile(folder.path() + "/runs.txt"),
            "b1-nmn-s1\nb1-nmn-s2\nb1-nmn-s3\nb1-rnn-s1\nb1-rnn-s2\nb1-rnn-s3\n");
  EXPECT_THAT(ReadFile(folder.path() + "/configs/b1-rnn-s3.textproto"), HasSubstr("seed: 3"));
}

TEST(SweepDirectory, AnotherGridIsRefusedAndEachDifferenceNamed) {
  const TemporaryDirectory folder;
  ASSERT_TRUE(Create(folder.path(), SmallGrid()).ok());
  Grid other = SmallGrid();
  other.seeds.push_back(4);
  other.updates.reset();
  const auto refused = Create(folder.path(), other);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_THAT(Message(refused.status()),
              AllOf(HasSubstr("--seeds 1-4 instead of 1-3"), HasSubstr("--updates the preset's instead of 4")));
  EXPECT_EQ(Read(folder.path())->grid, SmallGrid());
}

TEST(SweepDirectory, NothingIsWrittenForABadGrid) {
  const TemporaryDirectory folder;
  Grid grid = SmallGrid();
  grid.assignments = {"no.such=1"};
  EXPECT_FALSE(Create(folder.path() + "/sweep", grid).ok());
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/sweep"));
}

TEST(SweepDirectory, OtherFilesAreLeftAlone) {
  const TemporaryDirectory folder;
  WriteFile(folder.path() + "/thesis.tex", "");
  EXPECT_THAT(Message(Create(folder.path(), SmallGrid()).status()), HasSubstr("has other files and no sweep.json"));
  EXPECT_THAT(Message(Create(folder.path() + "/thesis.tex", SmallGrid()).status()), HasSubstr("is no directory"));
}

TEST(SweepDirectory, ADamagedOrNewerFileIsNamed) {
  const TemporaryDirectory folder;
  EXPECT_THAT(Message(Read(folder.path()).status()), HasSubstr("is no sweep (it has no sweep.json)"));
  WriteFile(folder.path() + "/sweep.json", "{");
  EXPECT_THAT(Message(Read(folder.path()).status()), HasSubstr("sweep.json is no JSON object"));
  WriteFile(folder.path() + "/sweep.json", "{\"format\": 2}");
  EXPECT_THAT(Message(Read(folder.path()).status()), HasSubstr("format is 2; this nmn reads 1"));
  WriteFile(folder.path() + "/sweep.json", "{\"format\": 1, \"benchmarks\": 7}");
  EXPECT_TRUE(absl::IsDataLoss(Read(folder.path()).status()));
}

TEST(SweepDirectory, HasOneEngineAtATime) {
  const TemporaryDirectory folder;
  const auto sweep = Create(folder.path(), SmallGrid());
  ASSERT_TRUE(sweep.ok());
  const auto lock = Lock(*sweep);
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_TRUE(absl::IsUnavailable(Lock(*sweep).status()));
}

}  // namespace
}  // namespace nmn::sweep
