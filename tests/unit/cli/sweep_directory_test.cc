#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/sweep/directory.h"
#include "cli/sweep/seeds.h"
#include "cli/sweep/sweep_json.h"
#include "tests/support/subprocess.h"

namespace nmn::sweep {
namespace {

using ::nmn::testing::ReadFile;
using ::nmn::testing::TemporaryDirectory;
using ::nmn::testing::WriteFile;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

GridRequest SmallGrid() {
  GridRequest grid;
  grid.benchmarks = {"b1"};
  grid.architectures = {"nmn", "rnn"};
  grid.seeds = "1-3";
  grid.updates = 4;
  grid.assignments = {"env.horizon=1000"};
  return grid;
}

GridRequest SeedsOnly(const std::string& seeds) {
  GridRequest grid;
  grid.seeds = seeds;
  return grid;
}

absl::StatusOr<std::vector<SweepRun>> RunsOf(const GridRequest& request) {
  const absl::StatusOr<Grid> grid = NewGrid(request);
  if (!grid.ok()) return grid.status();
  return Expand(*grid);
}

// As `nmn sweep` does: opened, saved, and let go of.
absl::StatusOr<SweepDirectory> Call(const std::string& path, const GridRequest& grid,
                                    const EngineRequest& engine = {}) {
  absl::StatusOr<OpenSweep> open = Open(path, grid, engine);
  if (!open.ok()) return open.status();
  if (absl::Status status = Save(open->sweep); !status.ok()) return status;
  return open->sweep;
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
  EXPECT_EQ(FormatSeeds({18446744073709551615u, 0}), "18446744073709551615,0");
}

TEST(Seeds, WhatTheyCannotBeIsSaid) {
  for (const char* text : {"", "x", "1-", "-1", "1--2", "1.5", "1-2-3", "18446744073709551616"})
    EXPECT_THAT(Message(ParseSeeds(text).status()), AllOf(HasSubstr("--seeds="), HasSubstr("1-30 or 1,2,5-8"))) << text;
  EXPECT_THAT(Message(ParseSeeds("5-2").status()), HasSubstr("the range 5-2 is empty"));
  EXPECT_THAT(Message(ParseSeeds("1-3,2").status()), HasSubstr("seed 2 stands twice"));
  EXPECT_THAT(Message(ParseSeeds("0-18446744073709551615").status()), HasSubstr("more than 1000 seeds"));
}

TEST(SweepGrid, IsBenchmarkThenArchitectureThenSeed) {
  const auto runs = RunsOf(SmallGrid());
  ASSERT_TRUE(runs.ok()) << runs.status();
  EXPECT_THAT(Names(*runs), ElementsAre("b1-nmn-s1", "b1-nmn-s2", "b1-nmn-s3", "b1-rnn-s1", "b1-rnn-s2", "b1-rnn-s3"));
  EXPECT_EQ(runs->at(4).config.seed(), 2u);
  EXPECT_EQ(runs->at(4).config.network().architecture(), v1::RNN);
  EXPECT_EQ(runs->at(4).config.budget().updates(), 4u);
  EXPECT_EQ(runs->at(4).config.env().horizon(), 1000u);
}

TEST(SweepGrid, AxesMultiplyAndStandInTheNames) {
  GridRequest grid = SmallGrid();
  grid.architectures = {"nmn"};
  grid.seeds = "7-8";
  grid.axes = {"ppo.trace_decay=0.9,0.95", "env.domain=paper"};
  const auto runs = RunsOf(grid);
  ASSERT_TRUE(runs.ok()) << runs.status();
  EXPECT_THAT(Names(*runs), ElementsAre("b1-nmn-ppo.trace_decay-0.9-env.domain-paper-s7",
                                        "b1-nmn-ppo.trace_decay-0.9-env.domain-paper-s8",
                                        "b1-nmn-ppo.trace_decay-0.95-env.domain-paper-s7",
                                        "b1-nmn-ppo.trace_decay-0.95-env.domain-paper-s8"));
  EXPECT_FLOAT_EQ(runs->at(2).config.ppo().trace_decay(), 0.95f);
  EXPECT_EQ(runs->at(2).config.env().horizon(), 1000u);  // --set holds for all
  EXPECT_THAT(runs->at(2).values, ElementsAre(Pair("ppo.trace_decay", "0.95"), Pair("env.domain", "paper")));
}

TEST(SweepGrid, ValuesOfAListStandInBracketsAndAreReadBack) {
  const TemporaryDirectory folder;
  GridRequest grid = SmallGrid();
  grid.architectures = {"nmn"};
  grid.seeds = "7";
  grid.axes = {"env.switch_steps=[50,60],[100],[]"};
  ASSERT_TRUE(Call(folder.path(), grid).ok());
  EXPECT_THAT(ReadFile(folder.path() + "/sweep.json"), HasSubstr("\"format\": 3"));
  const auto sweep = Read(folder.path());
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  EXPECT_THAT(Names(sweep->runs), ElementsAre("b1-nmn-env.switch_steps-50_60-s7", "b1-nmn-env.switch_steps-100-s7",
                                              "b1-nmn-env.switch_steps-none-s7"));
  EXPECT_THAT(sweep->runs[0].config.env().switch_steps(), ElementsAre(50, 60));
  EXPECT_THAT(sweep->runs[1].config.env().switch_steps(), ElementsAre(100));
  EXPECT_THAT(sweep->runs[2].config.env().switch_steps(), ElementsAre());
  EXPECT_THAT(sweep->runs[0].values, ElementsAre(Pair("env.switch_steps", "[50,60]")));
}

TEST(SweepGrid, BadValuesNameTheFlagAndWhatIsLegal) {
  GridRequest grid = SmallGrid();
  grid.benchmarks = {"b1", "b4"};
  EXPECT_THAT(Message(RunsOf(grid).status()), HasSubstr("task b4: it must be one of b1, b2, b3, bandit"));
  grid = SmallGrid();
  grid.architectures = {"nmn", "nmn"};
  EXPECT_THAT(Message(RunsOf(grid).status()), HasSubstr("--arch: nmn stands twice"));
  grid = SmallGrid();
  grid.preset = "slow";
  EXPECT_THAT(Message(RunsOf(grid).status()), AllOf(HasSubstr("slow"), HasSubstr("reference")));
  grid = SmallGrid();
  grid.assignments = {"ppo.discount=2"};
  EXPECT_THAT(Message(RunsOf(grid).status()), HasSubstr("ppo.discount"));
  grid = SmallGrid();
  grid.seeds = "1-600";
  EXPECT_THAT(Message(RunsOf(grid).status()), HasSubstr("the grid has 1200 runs or more; a sweep has at most 1000"));
}

TEST(SweepGrid, EachTaskHasItsOwnPresetWhereNoneIsNamed) {
  for (const std::vector<std::string>& tasks : {std::vector<std::string>{"b1", "bandit"}, {"bandit", "b1"}}) {
    GridRequest grid = SmallGrid();
    grid.benchmarks = tasks;
    grid.architectures = {"nmn"};
    grid.seeds = "1";
    grid.assignments = {};
    const auto runs = RunsOf(grid);
    ASSERT_TRUE(runs.ok()) << runs.status();
    for (const SweepRun& run : *runs)
      EXPECT_EQ(run.config.preset(), run.config.benchmark() == "b1" ? "fast" : "default");
    grid.preset = "fast";
    EXPECT_THAT(Message(RunsOf(grid).status()),
                AllOf(HasSubstr("task bandit has no preset fast"), HasSubstr("one for all its tasks")));
  }
}

TEST(SweepGrowth, ATaskThatComesLaterHasItsOwnPreset) {
  const TemporaryDirectory folder;
  GridRequest grid = SmallGrid();
  grid.assignments = {};
  ASSERT_TRUE(Call(folder.path(), grid).ok());
  const std::string config = ReadFile(folder.path() + "/configs/b1-rnn-s2.textproto");
  GridRequest more;
  more.benchmarks = {"bandit"};
  const auto sweep = Call(folder.path(), more);
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  ASSERT_EQ(sweep->runs.size(), 12u);
  EXPECT_EQ(sweep->runs[11].config.preset(), "default");
  EXPECT_EQ(ReadFile(folder.path() + "/configs/b1-rnn-s2.textproto"), config);
  ASSERT_TRUE(Call(folder.path(), SeedsOnly("4")).ok());
  EXPECT_EQ(Read(folder.path())->runs.size(), 16u);
  // Not beside a preset that somebody chose.
  const TemporaryDirectory other;
  grid.preset = "reference";
  ASSERT_TRUE(Call(other.path(), grid).ok());
  EXPECT_THAT(Message(Call(other.path(), more).status()), HasSubstr("task bandit has no preset reference"));
}

TEST(SweepGrid, ABadAxisNamesTheFieldAndWhatIsLegal) {
  const auto refused = [](const std::vector<std::string>& axes, const std::string& words) {
    GridRequest grid = SmallGrid();
    grid.axes = axes;
    EXPECT_THAT(Message(RunsOf(grid).status()), HasSubstr(words)) << axes[0];
  };
  refused({"ppo.trace_decay"}, "--grid ppo.trace_decay: it has no field, or no =");
  refused({"ppo.trace_decay="}, "a value is empty");
  refused({"ppo.trace_decay=0.9,"}, "a value is empty");
  refused({"ppo.trace_decay=0.9,0.9"}, "the value 0.9 stands twice");
  refused({"ppo.trace_decay=0.9,a/b"}, "part of a directory's name");
  refused({"env.switch_steps=[50,60],[50,60]"}, "the value [50,60] stands twice");
  refused({"env.switch_steps=[50],50"}, "the value 50 stands twice");
  refused({"env.switch_steps=[50,],[60]"}, "an element of the list [50,] is empty");
  refused({"env.switch_steps=[5_0]"}, "an element of the list [5_0] is empty, or has more than letters");
  refused({"env.switch_steps=[50,60"}, "part of a directory's name");
  refused({"ppo.trace_decay=[0.9,0.8]"}, "ppo.trace_decay takes a number, not \"0.9,0.8\"");
  refused({"ppo.trace_decay=0.9", "ppo.trace_decay=0.8"}, "ppo.trace_decay stands twice");
  refused({"ppo.trace_decya=0.9"}, "did you mean trace_decay?");
  refused({"ppo.trace_decay=2"}, "ppo.trace_decay is 2");
  refused({"seed=1,2"}, "--grid seed: in a sweep --seeds says it");
  refused({"budget.updates=1,2"}, "--updates or --episodes says it");
  refused({"env.horizon=100,200"}, "env.horizon stands in --set and in --grid");
  // Under whatever name --set knows a field.
  refused({" env.horizon =100,200"}, "env.horizon stands in --set and in --grid");
  refused({"task.horizon=100,200"}, "env.horizon stands in --set and in --grid");
  refused({"ppo.kl_target=0.1", "ppo.clipped_ratio.kl_target=0.2"}, "ppo.clipped_ratio.kl_target stands twice");
  refused({" seed =1,2"}, "--grid seed: in a sweep --seeds says it");
  refused({"ppo.trace_decay=0.9,0.90"},
          "the runs b1-nmn-ppo.trace_decay-0.9 and b1-nmn-ppo.trace_decay-0.90 would be the same experiment");
  GridRequest grid = SmallGrid();
  grid.assignments = {"seed=4"};
  EXPECT_THAT(Message(RunsOf(grid).status()), HasSubstr("--set seed: in a sweep --seeds says it"));
  grid.assignments = {" preset =paper"};
  EXPECT_THAT(Message(RunsOf(grid).status()), HasSubstr("--set preset: in a sweep --preset says it"));
}

TEST(SweepDirectory, IsReadBackAsItWasMade) {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/new/sweep";
  GridRequest grid = SmallGrid();
  grid.axes = {"ppo.trace_decay=0.9,0.95", "env.domain=paper"};
  EngineRequest engine;
  engine.name = "slurm";
  engine.flags.actors = 3;
  engine.flags.sbatch = {"--partition=long, \"x\""};
  const auto made = Call(path + "/", grid, engine);
  ASSERT_TRUE(made.ok()) << made.status();
  const auto read = Read(path);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->grid, *NewGrid(grid));
  EXPECT_EQ(read->engine, made->engine);
  EXPECT_EQ(read->engine.actors, 3u);
  EXPECT_EQ(read->path, std::filesystem::canonical(path).string());
  const std::string before = ReadFile(path + "/sweep.json");
  EXPECT_TRUE(Call(path, grid).ok());
  EXPECT_EQ(ReadFile(path + "/sweep.json"), before);
}

TEST(SweepDirectory, IsTheSameThroughASymbolicLink) {
  const TemporaryDirectory folder;
  ASSERT_TRUE(Call(folder.path() + "/sweep", SmallGrid()).ok());
  std::filesystem::create_directory_symlink("sweep", folder.path() + "/link");
  EXPECT_EQ(Read(folder.path() + "/link")->path, Read(folder.path() + "/sweep")->path);
}

TEST(SweepDirectory, HoldsAConfigForEachRunAndTheirOrder) {
  const TemporaryDirectory folder;
  ASSERT_TRUE(Call(folder.path(), SmallGrid()).ok());
  EXPECT_EQ(ReadFile(folder.path() + "/runs.txt"),
            "b1-nmn-s1\nb1-nmn-s2\nb1-nmn-s3\nb1-rnn-s1\nb1-rnn-s2\nb1-rnn-s3\n");
  EXPECT_THAT(ReadFile(folder.path() + "/configs/b1-rnn-s3.textproto"), HasSubstr("seed: 3"));
}

// An older nmn, which would begin with fresh weights, refuses it; other sweeps it reads.
TEST(SweepDirectory, WeightsThatRunsBeginWithAreOfANewFormatAndInEveryConfig) {
  const TemporaryDirectory folder;
  Grid grid = *NewGrid(SmallGrid());
  EXPECT_THAT(*Print(SweepJson{grid, {}}), HasSubstr("\"format\": 2"));
  grid.init_from.emplace().source = "runs/a";
  grid.init_from->weights_sha256 = std::string(64, '7');
  const std::string text = *Print(SweepJson{grid, {}});
  EXPECT_THAT(text, HasSubstr("\"format\": 4"));
  WriteFile(folder.path() + "/sweep.json", text);
  const auto sweep = Read(folder.path());
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  EXPECT_EQ(sweep->grid, grid);
  for (const SweepRun& run : sweep->runs) EXPECT_EQ(run.config.init_weights_sha256(), std::string(64, '7'));
}

TEST(SweepDirectory, OfTheFirstFormatIsRead) {
  const TemporaryDirectory folder;
  WriteFile(folder.path() + "/sweep.json",
            "{\"format\": 1, \"benchmarks\": [\"b1\"], \"architectures\": [\"nmn\", \"rnn\"], \"seeds\": \"1-3\", "
            "\"preset\": \"fast\", \"updates\": 4, \"episodes\": null, \"set\": [\"env.horizon=1000\"]}");
  const auto sweep = Read(folder.path());
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  EXPECT_EQ(sweep->grid, *NewGrid(SmallGrid()));
  EXPECT_EQ(sweep->engine.name, "local");
}

std::vector<std::string> Chosen(const SweepDirectory& sweep) {
  std::vector<std::string> names;
  for (const SweepRun& run : sweep.runs) {
    if (run.chosen) names.push_back(run.name);
  }
  return names;
}

TEST(SweepGrowth, MoreSeedsComeBehindTheOthersAndKeepTheirIndices) {
  const TemporaryDirectory folder;
  ASSERT_TRUE(Call(folder.path(), SmallGrid()).ok());
  const auto open = Open(folder.path(), SeedsOnly("2-4"), {});
  ASSERT_TRUE(open.ok()) << open.status();
  EXPECT_EQ(open->growth, "2 more runs, 8 in all");
  EXPECT_THAT(Names(open->sweep.runs), ElementsAre("b1-nmn-s1", "b1-nmn-s2", "b1-nmn-s3", "b1-rnn-s1", "b1-rnn-s2",
                                                   "b1-rnn-s3", "b1-nmn-s4", "b1-rnn-s4"));
  EXPECT_EQ(open->sweep.runs[7].config.env().horizon(), 1000u);  // --set and --updates are the stored ones
  EXPECT_EQ(open->sweep.runs[7].config.budget().updates(), 4u);
  EXPECT_THAT(Chosen(open->sweep),
              ElementsAre("b1-nmn-s2", "b1-nmn-s3", "b1-rnn-s2", "b1-rnn-s3", "b1-nmn-s4", "b1-rnn-s4"));
  ASSERT_TRUE(Save(open->sweep).ok());
  EXPECT_THAT(Names(Read(folder.path())->runs), Names(open->sweep.runs));
  EXPECT_THAT(Chosen(*Read(folder.path())), Names(open->sweep.runs));
}

TEST(SweepGrowth, OneBlockIsAddedAndNoRunThatNobodyAskedFor) {
  const TemporaryDirectory folder;
  GridRequest first = SmallGrid();
  first.architectures = {"nmn"};
  ASSERT_TRUE(Call(folder.path(), first).ok());
  GridRequest more = SeedsOnly("9");
  more.architectures = {"rnn"};
  more.axes = {"ppo.trace_decay=0.9"};
  ASSERT_TRUE(Call(folder.path(), more).ok());
  EXPECT_THAT(Names(Read(folder.path())->runs),
              ElementsAre("b1-nmn-s1", "b1-nmn-s2", "b1-nmn-s3", "b1-rnn-ppo.trace_decay-0.9-s9"));
}

TEST(SweepGrowth, ValuesOfOneFieldLeaveThoseOfTheOthersAsStored) {
  const TemporaryDirectory folder;
  GridRequest first = SmallGrid();
  first.architectures = {"nmn"};
  first.seeds = "1";
  first.axes = {"ppo.trace_decay=0.9,0.95", "ppo.discount=0.99,0.95"};
  ASSERT_TRUE(Call(folder.path(), first).ok());
  GridRequest more;
  more.axes = {"ppo.trace_decay=0.97"};
  const auto sweep = Call(folder.path(), more);
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  EXPECT_THAT(Chosen(*sweep), ElementsAre("b1-nmn-ppo.trace_decay-0.97-ppo.discount-0.99-s1",
                                          "b1-nmn-ppo.trace_decay-0.97-ppo.discount-0.95-s1"));
  EXPECT_EQ(sweep->runs.size(), 6u);
  EXPECT_FLOAT_EQ(sweep->runs[5].config.ppo().discount(), 0.95f);
  // In whatever order: names keep that of the sweep, and so nothing is new.
  more.axes = {"ppo.discount=0.99", "ppo.trace_decay=0.9"};
  const auto chosen = Call(folder.path(), more);
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  EXPECT_THAT(Chosen(*chosen), ElementsAre("b1-nmn-ppo.trace_decay-0.9-ppo.discount-0.99-s1"));
  EXPECT_EQ(chosen->runs.size(), 6u);
  // A field that had one value for all is one more.
  more.axes = {"network.hidden_sizes=[7]"};
  const auto another = Call(folder.path(), more);
  ASSERT_TRUE(another.ok()) << another.status();
  EXPECT_EQ(another->runs.size(), 12u);
}

TEST(SweepGrowth, FewerAreChosenAndTheOthersStay) {
  const TemporaryDirectory folder;
  ASSERT_TRUE(Call(folder.path(), SmallGrid()).ok());
  const std::string before = ReadFile(folder.path() + "/sweep.json");
  GridRequest fewer = SeedsOnly("2");
  fewer.architectures = {"rnn"};
  const auto sweep = Call(folder.path(), fewer);
  ASSERT_TRUE(sweep.ok()) << sweep.status();
  EXPECT_THAT(Chosen(*sweep), ElementsAre("b1-rnn-s2"));
  EXPECT_EQ(sweep->runs.size(), 6u);
  EXPECT_EQ(ReadFile(folder.path() + "/sweep.json"), before);
}

TEST(SweepGrowth, ALargerBudgetIsForAllRuns) {
  const TemporaryDirectory folder;
  ASSERT_TRUE(Call(folder.path(), SmallGrid()).ok());
  GridRequest longer;
  longer.updates = 6;
  const auto open = Open(folder.path(), longer, {});
  ASSERT_TRUE(open.ok()) << open.status();
  EXPECT_EQ(open->growth, "a budget of 6 updates instead of 4");
  for (const SweepRun& run : open->sweep.runs) EXPECT_EQ(run.config.budget().updates(), 6u);
}

TEST(SweepGrowth, WhatReachesNoWeightMayBeSetAgain) {
  const TemporaryDirectory folder;
  ASSERT_TRUE(Call(folder.path(), SmallGrid()).ok());
  GridRequest more;
  more.assignments = {"eval.every_updates=2", "eval.episodes=10", "checkpoint.keep=3"};
  {
    const auto open = Open(folder.path(), more, {});
    EXPECT_EQ(open->growth, "");
    EXPECT_EQ(open->change, "--set eval.every_updates=2 --set eval.episodes=10 --set checkpoint.keep=3");
  }
  ASSERT_TRUE(Call(folder.path(), more).ok());
  EXPECT_EQ(Open(folder.path(), more, {})->change, "");  // it is so already
  more.assignments = {"env.horizon=1000", "eval.every_updates=5"};
  EXPECT_EQ(Open(folder.path(), more, {})->change, "--set eval.every_updates=5");
  ASSERT_TRUE(Call(folder.path(), more).ok());
  const auto sweep = Read(folder.path());
  EXPECT_THAT(sweep->grid.assignments,
              ElementsAre("env.horizon=1000", "eval.episodes=10", "checkpoint.keep=3", "eval.every_updates=5"));
  EXPECT_EQ(sweep->runs.size(), 6u);
  EXPECT_THAT(ReadFile(folder.path() + "/configs/b1-nmn-s1.textproto"), HasSubstr("every_updates: 5"));
  EXPECT_THAT(Chosen(*sweep), Names(sweep->runs));
  // Beside what decides the weights it is refused with that alone.
  more.assignments = {"eval.every_updates=7", "env.horizon=900"};
  EXPECT_THAT(Message(Call(folder.path(), more).status()),
              HasSubstr("--set env.horizon=900 instead of env.horizon=1000;"));
  more.assignments = {"eval.every_updates=x"};
  EXPECT_THAT(Message(Call(folder.path(), more).status()), HasSubstr("eval.every_updates takes a whole number"));
}

TEST(SweepGrowth, WhatCannotBeMergedIsRefusedWithItsFlag) {
  const TemporaryDirectory folder;
  ASSERT_TRUE(Call(folder.path(), SmallGrid()).ok());
  const std::string before = ReadFile(folder.path() + "/sweep.json");
  const auto refused = [&](const GridRequest& request, const std::string& words) {
    const auto open = Open(folder.path(), request, {});
    EXPECT_TRUE(absl::IsFailedPrecondition(open.status())) << open.status();
    EXPECT_THAT(Message(open.status()), HasSubstr(words));
    EXPECT_EQ(ReadFile(folder.path() + "/sweep.json"), before);
  };
  GridRequest other;
  other.preset = "reference";
  refused(other, "--preset reference instead of fast");
  other = GridRequest();
  other.assignments = {"env.horizon=900"};
  refused(other, "--set env.horizon=900 instead of env.horizon=1000");
  other = GridRequest();
  other.updates = 3;
  refused(other, "a budget of 3 updates instead of 4 (a budget only grows)");
  other = GridRequest();
  other.episodes = 1;
  refused(other, "a budget of 1 update instead of 4");
  other = GridRequest();
  other.init_from.emplace().source = "runs/a";
  other.init_from->weights_sha256 = "0f";
  refused(other, "--init_from runs/a (weights of SHA-256 0f) instead of fresh weights");
}

TEST(SweepGrowth, AScheduleTiedToTheBudgetHoldsIt) {
  const TemporaryDirectory folder;
  GridRequest grid = SmallGrid();
  grid.scale_schedule = true;
  ASSERT_TRUE(Call(folder.path(), grid).ok());
  EXPECT_EQ(Read(folder.path())->runs[0].config.ppo().anneal_updates(), 4u);
  EXPECT_TRUE(Call(folder.path(), SeedsOnly("1-4")).ok());
  GridRequest longer;
  longer.updates = 6;
  EXPECT_THAT(Message(Call(folder.path(), longer).status()),
              HasSubstr("a larger budget (it was begun with --scale_schedule"));
}

TEST(SweepGrowth, WhatWouldBeTheSameExperimentUnderAnotherNameIsRefused) {
  const TemporaryDirectory folder;
  GridRequest grid = SmallGrid();
  grid.axes = {"ppo.trace_decay=0.9"};
  ASSERT_TRUE(Call(folder.path(), grid).ok());
  GridRequest more;
  more.axes = {"ppo.trace_decay=0.95,0.900"};
  EXPECT_THAT(Message(Call(folder.path(), more).status()), HasSubstr("would be the same experiment"));
  EXPECT_EQ(Read(folder.path())->runs.size(), 6u);
}

TEST(SweepEngineChoice, IsKeptAndAnotherEngineForgetsTheFlagsOfTheFirst) {
  const TemporaryDirectory folder;
  EngineRequest slurm;
  slurm.name = "slurm";
  slurm.flags.actors = 3;
  ASSERT_TRUE(Call(folder.path(), SmallGrid(), slurm).ok());
  EXPECT_EQ(Call(folder.path(), SmallGrid())->engine.name, "slurm");
  EngineRequest more;
  more.flags.jobs = 2;
  ASSERT_TRUE(Call(folder.path(), SmallGrid(), more).ok());
  EXPECT_EQ(Read(folder.path())->engine.actors, 3u);
  EXPECT_EQ(Read(folder.path())->engine.jobs, 2u);
  EngineRequest local;
  local.name = "local";
  ASSERT_TRUE(Call(folder.path(), SmallGrid(), local).ok());
  EXPECT_EQ(Read(folder.path())->engine, Engine());
  more = {};
  more.flags.actors = 1;
  EXPECT_THAT(Message(Call(folder.path(), SmallGrid(), more).status()),
              HasSubstr("--actors is for --engine=slurm; this is --engine=local"));
}

TEST(SweepDirectory, NothingIsWrittenForABadGrid) {
  const TemporaryDirectory folder;
  GridRequest grid = SmallGrid();
  grid.assignments = {"no.such=1"};
  EXPECT_FALSE(Open(folder.path() + "/sweep", grid, {}).ok());
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/sweep"));
}

TEST(SweepDirectory, WhatAKilledFirstCallLeftIsInNobodysWay) {
  const TemporaryDirectory folder;
  WriteFile(folder.path() + "/.lock", "");
  const std::string left = folder.path() + "/.nmn-4194304-0.tmp";  // no process has so large a number
  WriteFile(left, "half");
  const auto open = Open(folder.path(), SmallGrid(), {});
  EXPECT_TRUE(open.ok()) << open.status();
  EXPECT_FALSE(std::filesystem::exists(left));
}

TEST(SweepDirectory, OtherFilesAreLeftAlone) {
  const TemporaryDirectory folder;
  WriteFile(folder.path() + "/thesis.tex", "");
  EXPECT_THAT(Message(Open(folder.path(), SmallGrid(), {}).status()), HasSubstr("has other files and no sweep.json"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/.lock"));
  EXPECT_THAT(Message(Open(folder.path() + "/thesis.tex", SmallGrid(), {}).status()), HasSubstr("is no directory"));
}

// A call that was killed between its lock and its first write.
TEST(SweepDirectory, ALockAloneIsNoOtherFile) {
  const TemporaryDirectory folder;
  WriteFile(folder.path() + "/.lock", "123456\n");
  EXPECT_TRUE(Call(folder.path(), SmallGrid()).ok());
}

TEST(SweepDirectory, ADamagedOrNewerFileIsNamed) {
  const TemporaryDirectory folder;
  const auto refused = [&](const std::string& text, const std::string& words) {
    WriteFile(folder.path() + "/sweep.json", text);
    for (const absl::Status& status : {Read(folder.path()).status(), Call(folder.path(), SmallGrid()).status()})
      EXPECT_THAT(Message(status), AllOf(HasSubstr("sweep.json"), HasSubstr(words)));
    EXPECT_EQ(ReadFile(folder.path() + "/sweep.json"), text);
  };
  EXPECT_THAT(Message(Read(folder.path()).status()), HasSubstr("is no sweep (it has no sweep.json)"));
  refused("{", "is damaged (it is no JSON object)");
  refused("{}", "is damaged (it has no format)");
  refused("{\"format\": 6}", "format is 6; this nmn reads up to 5: use the newer nmn that wrote it");
  refused("{\"format\": 1, \"benchmarks\": 7}", "is damaged");
  refused("{\"format\": 2, \"preset\": \"fast\", \"set\": [], \"runs\": [], \"engine\": {\"name\": \"local\"}}",
          "has no runs");
  refused("{\"format\": 2, \"preset\": \"fast\", \"set\": [], \"runs\": [], \"engine\": {\"name\": \"pbs\"}}",
          "engine.name is \"pbs\"");
  std::filesystem::remove(folder.path() + "/sweep.json");
  std::filesystem::create_directory(folder.path() + "/sweep.json");
  EXPECT_THAT(Message(Read(folder.path()).status()), HasSubstr("Is a directory"));
}

TEST(SweepDirectory, ANumberOutOfItsRangeIsNamedAndNotCut) {
  const TemporaryDirectory folder;
  const auto text = [](const std::string& updates, const std::string& episodes, const std::string& engine) {
    return "{\"format\": 2, \"preset\": \"fast\", \"updates\": " + updates + ", \"episodes\": " + episodes +
           ", \"set\": [], \"runs\": [{\"benchmarks\": [\"b1\"], \"architectures\": [\"nmn\"], \"seeds\": "
           "\"1\"}], \"engine\": {\"name\": \"slurm\"" +
           engine + "}}";
  };
  const std::string file = folder.path() + "/sweep.json";
  const auto refused = [&](const std::string& json, const std::string& words) {
    WriteFile(file, json);
    for (const absl::Status& status : {Read(folder.path()).status(), Call(folder.path(), GridRequest()).status()})
      EXPECT_THAT(Message(status), AllOf(HasSubstr(file), HasSubstr(words)));
    EXPECT_EQ(ReadFile(file), json);
  };
  refused(text("4294967297", "null", ""), "updates is 4294967297; it must be a whole number from 1 to 4294967295");
  for (const std::string number : {"2.9", "-1", "0", "1e3", "18446744073709551616"})
    refused(text(number, "null", ""), "it must be a whole number from 1 to 4294967295");
  refused(text("\"5\"", "null", ""), "updates is string; it must be a whole number");
  refused(text("null", "2.5", ""), "episodes is 2.5; it must be a whole number from 1 to 18446744073709551615");
  refused(text("5", "null", ", \"jobs\": -1"), "engine.jobs is -1; it must be a whole number from 0 to 1024");
  refused(text("5", "null", ", \"threads\": 1.5"), "engine.threads is 1.5; it must be a whole number from 0 to 1024");
  refused(text("5", "null", ", \"actors\": 0"), "engine.actors is 0; it must be a whole number from 1 to 1024");
  refused(text("5", "null", ", \"restarts\": 1001"),
          "engine.restarts is 1001; it must be a whole number from 0 to 1000");
  WriteFile(file, text("4294967", "null", ", \"jobs\": 1024, \"threads\": 0, \"actors\": null"));
  EXPECT_EQ(Read(folder.path())->grid.updates, 4294967u);
}

TEST(SweepDirectory, HasOneEngineAtATime) {
  const TemporaryDirectory folder;
  const auto open = Open(folder.path(), SmallGrid(), {});
  ASSERT_TRUE(open.ok()) << open.status();
  const absl::Status second = Open(folder.path(), SmallGrid(), {}).status();
  EXPECT_TRUE(absl::IsUnavailable(second));
  EXPECT_THAT(Message(second), HasSubstr("is in use by another nmn sweep"));
}

}  // namespace
}  // namespace nmn::sweep
