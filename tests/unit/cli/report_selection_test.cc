// Which runs a report counts, and how it tells their curves apart.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cli/report/groups.h"
#include "cli/report/selection.h"
#include "common/config/config.h"
#include "tests/unit/cli/run_fixture.h"

namespace nmn::report {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using TrainingRun = Run;  // "Run" alone is a member of testing::Test
using Runs = std::vector<Run>;

std::vector<std::string> Paths(const Selection& selection) {
  std::vector<std::string> paths;
  for (const Run& run : selection.runs) paths.push_back(run.path);
  return paths;
}

Selection Select(const std::vector<std::string>& paths, bool each = false) {
  absl::StatusOr<Selection> selection = SelectRuns(paths, each);
  EXPECT_TRUE(selection.ok()) << selection.status();
  return selection.ok() ? *std::move(selection) : Selection();
}

TEST(ExpandRunDirectories, AFolderOfRunsStandsForThem) {
  nmn::testing::TemporaryDirectory folder;
  const std::string b = cli::MakeRun(folder, "b", 1, 2, 0), a = cli::MakeRun(folder, "a", 2, 2, 0);
  std::filesystem::create_directories(folder.path() + "/notes");
  EXPECT_THAT(ExpandRunDirectories({folder.path(), b, "/nowhere"}), ElementsAre(a, b, b, "/nowhere"));
}

// Root reads everything, so somebody else looks.
TEST(SelectRuns, ARunThatMayNotBeReadIsNamedAndNotLeftOut) {
  namespace fs = std::filesystem;
  nmn::testing::TemporaryDirectory folder;
  cli::MakeRun(folder, "a", 1, 2, 0);
  const std::string b = cli::MakeRun(folder, "b", 2, 2, 0);
  fs::permissions(folder.path(), fs::perms(0755));
  fs::permissions(b, geteuid() == 0 ? fs::perms(0700) : fs::perms(0));
  const uid_t user = geteuid();
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());  // nobody may be kept from a folder above
  if (user == 0) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  const absl::Status status = SelectRuns({"a", "b"}, false).status();
  ASSERT_EQ(seteuid(user), 0);
  fs::current_path(before);
  fs::permissions(b, fs::perms(0700));
  EXPECT_EQ(status.message(), "cannot read b/config.textproto: Permission denied");
}

TEST(SelectRuns, ADirectoryCountsOnceHoweverItIsNamed) {
  nmn::testing::TemporaryDirectory folder;
  const std::string a = cli::MakeRun(folder, "a", 1, 2, 0), b = cli::MakeRun(folder, "b", 2, 2, 5);
  const std::string link = folder.path() + "/link";
  std::filesystem::create_directory_symlink(a, link);
  const Selection selection = Select({a, a + "/", folder.path() + "/b/../a", link, b});
  EXPECT_THAT(Paths(selection), ElementsAre(a, b));
  EXPECT_THAT(selection.notices, ElementsAre(HasSubstr(a + "/ was named twice"), HasSubstr("b/../a was named twice"),
                                             HasSubstr("link was named twice")));
  EXPECT_THAT(Paths(Select({folder.path(), a})), ElementsAre(a, b));
}

TEST(SelectRuns, ACopyIsNamedAndTheLongerOfTheTwoCounts) {
  nmn::testing::TemporaryDirectory folder;
  const std::string a = cli::MakeRun(folder, "a", 1, 2, 0), longer = cli::MakeRun(folder, "longer", 1, 6, 0);
  nmn::testing::WriteFile(longer + "/summary.json", "{\"run_id\": \"a\"}");
  for (const bool each : {false, true}) {
    const Selection selection = Select({a, longer}, each);
    EXPECT_THAT(Paths(selection), ElementsAre(longer));
    EXPECT_THAT(selection.notices, ElementsAre(HasSubstr(a + " is a copy of " + longer + ": the same run (run_id a)")));
  }
}

// Two runs of one config and seed play the same episodes: they are no two samples.
TEST(SelectRuns, AnotherRunWithTheSameEpisodesCountsOnceUnlessEachIsShown) {
  nmn::testing::TemporaryDirectory folder;
  const std::string a = cli::MakeRun(folder, "a", 1, 4, 0), again = cli::MakeRun(folder, "again", 1, 6, 0);
  const std::string other = cli::MakeRun(folder, "other", 1, 4, 1);  // as on another CPU
  const Selection selection = Select({a, again, other});
  EXPECT_THAT(Paths(selection), ElementsAre(again, other));
  EXPECT_THAT(selection.notices, ElementsAre(AllOf(HasSubstr("the same config and seed, and the first 4 of 6 episodes"),
                                                   HasSubstr("--each"))));
  EXPECT_THAT(Paths(Select({a, again}, /*each=*/true)), ElementsAre(a, again));
  EXPECT_EQ(GroupRuns(selection.runs, false).groups[0].label, "NMN, reference, 2 runs");
}

TEST(SelectRuns, ARunWithoutAnEpisodeIsLeftOutAndNamed) {
  nmn::testing::TemporaryDirectory folder;
  const std::string a = cli::MakeRun(folder, "a", 1, 2, 0), empty = cli::MakeRun(folder, "empty", 2, 0, 0),
                    fresh = cli::MakeRun(folder, "fresh", 3, 0, 0);
  std::filesystem::remove(fresh + "/episodes.csv");
  const Selection selection = Select({empty, a, fresh});
  EXPECT_THAT(Paths(selection), ElementsAre(a));
  EXPECT_THAT(selection.notices, ElementsAre(HasSubstr("no episode yet: " + empty + ", " + fresh)));
  const absl::Status none = SelectRuns({empty, fresh}, false).status();
  EXPECT_EQ(none.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(none.message()), AllOf(HasSubstr(empty), HasSubstr("wait for the first update")));
}

TEST(SelectRuns, ADirectoryInThePlaceOfAFileIsNamedAndTheRunNotLeftOut) {
  for (const std::string file : {"episodes.csv", "metrics.jsonl", "summary.json"}) {
    nmn::testing::TemporaryDirectory folder;
    const std::string a = cli::MakeRun(folder, "a", 1, 2, 0), b = cli::MakeRun(folder, "b", 2, 2, 0);
    std::filesystem::remove(b + "/" + file);
    std::filesystem::create_directory(b + "/" + file);
    EXPECT_THAT(std::string(SelectRuns({a, b}, false).status().message()),
                HasSubstr("cannot read " + b + "/" + file + ": Is a directory"));
  }
}

TEST(SelectRuns, ADamagedRunEndsTheReport) {
  nmn::testing::TemporaryDirectory folder;
  const std::string a = cli::MakeRun(folder, "a", 1, 2, 0), bad = cli::MakeRun(folder, "bad", 2, 2, 0);
  nmn::testing::WriteFile(bad + "/episodes.csv", "update,episode,return,discounted_return\n1,x,3,4\n");
  EXPECT_THAT(std::string(SelectRuns({a, bad}, false).status().message()), HasSubstr("bad/episodes.csv:2"));
}

// Runs whose configs are presets with the given fields changed.
Runs Of(const std::vector<std::pair<std::string, std::vector<std::string>>>& architectures_and_fields) {
  Runs runs;
  for (const auto& [architecture, fields] : architectures_and_fields) {
    TrainingRun& run = runs.emplace_back();
    run.path = "runs/r" + std::to_string(runs.size());
    run.config = config::Preset("fast", "b1", architecture).value();
    for (const std::string& field : fields) EXPECT_TRUE(config::Set(field, run.config).ok()) << field;
  }
  return runs;
}

std::vector<std::string> Labels(const Grouping& grouping) {
  std::vector<std::string> labels;
  for (const Group& group : grouping.groups) labels.push_back(group.label);
  return labels;
}

TEST(GroupRuns, SeedsOfOneConfigAreOneGroupWhateverTheirBudget) {
  const Grouping grouping = GroupRuns(
      Of({{"nmn", {}}, {"nmn", {"seed=2", "budget.updates=7"}}, {"nmn", {"seed=3", "checkpoint.keep=9"}}}), false);
  EXPECT_THAT(Labels(grouping), ElementsAre("NMN, fast, 3 seeds"));
  EXPECT_THAT(grouping.groups[0].runs, ElementsAre(0, 1, 2));
  EXPECT_EQ(grouping.CsvColumns(), "arch,preset");
}

TEST(GroupRuns, AblationsAreNamedByTheFieldsThatDiffer) {
  const Grouping grouping = GroupRuns(Of({{"nmn", {"ppo.trace_decay=0.9"}},
                                          {"nmn", {"ppo.trace_decay=0.9", "seed=2"}},
                                          {"nmn", {"ppo.trace_decay=0.95", "network.hidden_sizes=30,10"}},
                                          {"nmn", {"ppo.trace_decay=0.95", "network.hidden_sizes="}}}),
                                      false);
  EXPECT_THAT(Labels(grouping), ElementsAre("NMN, fast, hidden_sizes=10, trace_decay=0.9, 2 seeds",
                                            "NMN, fast, hidden_sizes=30 10, trace_decay=0.95, seed 1",
                                            "NMN, fast, hidden_sizes=none, trace_decay=0.95, seed 1"));
  EXPECT_EQ(grouping.CsvColumns(), "arch,preset,network.hidden_sizes,ppo.trace_decay");
  EXPECT_EQ(grouping.CsvCells(grouping.groups[1]), "NMN,fast,30 10,0.95");
  EXPECT_EQ(grouping.OfRun(3).label, grouping.groups[2].label);
}

// What the preset of an architecture has of its own is said by its name.
TEST(GroupRuns, ArchitectureAndPresetExplainTheirFields) {
  Runs runs = Of({{"nmn", {}}, {"rnn", {}}, {"nmn", {}}});
  runs[2].config = config::Preset("reference", "b1", "nmn").value();
  EXPECT_THAT(Labels(GroupRuns(runs, false)),
              ElementsAre("NMN, fast, seed 1", "RNN, fast, seed 1", "NMN, reference, seed 1"));
  EXPECT_THAT(GroupRuns(runs, false).fields, IsEmpty());
}

TEST(GroupRuns, AFieldThatOneArchitectureAloneHasChangedIsNamed) {
  const Grouping grouping = GroupRuns(Of({{"nmn", {}}, {"rnn", {"ppo.trace_decay=0.5"}}}), false);
  EXPECT_THAT(Labels(grouping), ElementsAre("NMN, fast, seed 1", "RNN, fast, trace_decay=0.5, seed 1"));
  EXPECT_EQ(grouping.CsvColumns(), "arch,preset,ppo.trace_decay");
}

TEST(GroupRuns, NamesOfFieldsAndValuesAreShortAndClear) {
  const Grouping grouping = GroupRuns(Of({{"nmn", {"env.domain=paper"}}, {"nmn", {"ppo.policy.epochs=99"}}}), false);
  EXPECT_THAT(Labels(grouping)[0], HasSubstr("domain=paper, policy.epochs="));
  EXPECT_THAT(Labels(grouping)[1], HasSubstr("domain=reference, policy.epochs=99"));
}

// Each seed of a transfer study begins from a run of its own.
TEST(GroupRuns, RunsFromOldWeightsAreOneGroupWhateverTheWeights) {
  const std::string first = "init_weights_sha256=" + std::string(64, 'a'),
                    second = "init_weights_sha256=" + std::string(64, 'b');
  const Runs runs = Of({{"nmn", {first}}, {"nmn", {"seed=2", second}}, {"nmn", {}}, {"nmn", {"seed=2"}}});
  const Grouping grouping = GroupRuns(runs, false);
  EXPECT_THAT(Labels(grouping), ElementsAre("NMN, fast, from old weights, 2 seeds", "NMN, fast, fresh, 2 seeds"));
  EXPECT_EQ(grouping.CsvColumns(), "arch,preset,init_weights_sha256");
  EXPECT_EQ(grouping.CsvCells(grouping.groups[0]), "NMN,fast,from old weights");
  EXPECT_EQ(grouping.CsvCells(grouping.groups[1]), "NMN,fast,fresh");
  EXPECT_THAT(Labels(GroupRuns({runs[0], runs[1]}, /*each=*/true)),
              ElementsAre("NMN, fast, seed 1", "NMN, fast, seed 2"));
}

TEST(GroupRuns, ALongValueIsShortInTheNameAndWholeInItsColumn) {
  const Grouping grouping =
      GroupRuns(Of({{"nmn", {"network.hidden_sizes=1001,1002,1003,1004,1005,1006"}}, {"nmn", {}}}), false);
  EXPECT_EQ(grouping.groups[0].label, "NMN, fast, hidden_sizes=1001 1002 1003 1004 1005.., seed 1");
  EXPECT_EQ(grouping.CsvCells(grouping.groups[0]), "NMN,fast,1001 1002 1003 1004 1005 1006");
}

TEST(GroupRuns, EachKeepsRunsApartAndTellsThemApart) {
  Runs runs = Of({{"nmn", {}}, {"nmn", {}}, {"nmn", {}}, {"nmn", {"seed=2"}}});
  runs[0].path = "x/first", runs[1].path = "x/again", runs[2].path = "y/again";
  EXPECT_THAT(Labels(GroupRuns(runs, /*each=*/true)),
              ElementsAre("NMN, fast, seed 1 (first)", "NMN, fast, seed 1 (again) (x/again)",
                          "NMN, fast, seed 1 (again) (y/again)", "NMN, fast, seed 2"));
}

}  // namespace
}  // namespace nmn::report
