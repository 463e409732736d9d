// A task in Python, from the command line of a person to the weights.

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "tests/integration/brought_task.h"
#include "tests/unit/cli/export_page.h"

namespace nmn::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class PythonTask : public BroughtPythonTask {
 protected:
  // What the policy of a run says in an episode is what the code of docs/export.md makes of its export. The trace.
  std::string ExpectTheExportPageComputes(const std::string& run, const std::string& task) const {
    const std::string csv = folder_.path() + "/trace.csv", page = folder_.path() + "/forward.py";
    const Outcome traced = Nmn({"trace", "--policy=" + run, "--episodes=2", "--out=" + csv}, Brings(task));
    EXPECT_EQ(traced.code, 0) << traced.err;
    WriteFile(page, CodeOfExportPage());
    const Outcome outcome = RunProcess({python_, page, run + "/policy.safetensors", csv});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const std::string words = "largest difference ";
    EXPECT_EQ(outcome.out.rfind(words, 0), 0) << outcome.out;
    EXPECT_LT(std::strtod(outcome.out.c_str() + std::min(words.size(), outcome.out.size()), nullptr), 1e-4);
    return ReadFile(csv);
  }
};

TEST_F(PythonTask, CheckSaysWhatItIs) {
  const Outcome outcome = Nmn({"task", "check"}, Brings("tasks:Drift"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("name: \"tasks.Drift\""));
  EXPECT_THAT(outcome.out, HasSubstr("horizon: 12"));
  EXPECT_THAT(outcome.out, HasSubstr("same bits"));
}

TEST_F(PythonTask, CheckFindsATaskThatIsNoFunctionOfItsSeeds) {
  const Outcome outcome = Nmn({"task", "check"}, Brings("tasks:Restless"));
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("it is no function of the seed"));
}

TEST_F(PythonTask, CheckTellsWhereItFails) {
  const Outcome outcome = Nmn({"task", "check"}, Brings("faults:Raises"));
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("task faults:Raises, environment 2"));
  EXPECT_THAT(outcome.err, HasSubstr("step 3: ValueError: the motor is too hot"));
  EXPECT_THAT(outcome.err, HasSubstr("Traceback (most recent call last):\n  File"))
      << "lines for people, in a pipe too";
}

// The same weights with one actor and three, one worker and two, and over TCP with a learner that has no code of it.
TEST_F(PythonTask, WhoPlaysItReachesNoResult) {
  for (const char* task : {"tasks:Drift", "tasks:Several"}) {
    const std::string folder = folder_.path() + "/" + task;
    const Outcome one = Train(folder + "-1", Brings(task), {"--actors=1", "--threads=1"});
    ASSERT_EQ(one.code, 0) << one.err;
    const std::string hash = WeightsHash(folder + "-1");
    EXPECT_EQ(hash.size(), 64);
    const Outcome three = Train(folder + "-3", Brings(task), {"--actors=3", "--python_workers=2"});
    ASSERT_EQ(three.code, 0) << three.err;
    EXPECT_EQ(WeightsHash(folder + "-3"), hash);
  }
}

TEST_F(PythonTask, WhatTheEndOfATrialIsToTheLearnerIsPartOfTheResultAndWhoPlaysIsNot) {
  std::vector<std::string> hashes;
  for (const char* trial_end : {"continue", "cut"}) {
    const std::string folder = folder_.path() + "/" + trial_end, set = std::string("--set=ppo.trial_end=") + trial_end;
    const Outcome one = Train(folder + "-1", Brings("tasks:Drift"), {"--actors=1", "--threads=1", set});
    ASSERT_EQ(one.code, 0) << one.err;
    const Outcome three = Train(folder + "-3", Brings("tasks:Drift"), {"--actors=3", "--threads=2", set});
    ASSERT_EQ(three.code, 0) << three.err;
    EXPECT_EQ(WeightsHash(folder + "-3"), WeightsHash(folder + "-1"));
    hashes.push_back(WeightsHash(folder + "-1"));
  }
  EXPECT_NE(hashes[0], hashes[1]);
}

// Its steps are rewarded with 1, 2, 3 in each trial of three; T = 7 cuts the third.
TEST_F(PythonTask, ItsTrialsAreInMetricsEpisodesAndEvaluations) {
  ASSERT_EQ(Train(Run(), Brings("tasks:Thrice"), {"--actors=1"}).code, 0);
  const nlohmann::json line = ReadMetrics(Run()).back();
  EXPECT_EQ(line["trials_per_episode"], 2);
  const auto figure = [](double mean) { return nlohmann::json{{"return_mean", mean}, {"episodes", 12}}; };
  EXPECT_EQ(line["trials"],
            (nlohmann::json{{"1", figure(6)}, {"2", figure(6)}, {"last", figure(6)}, {"cut", figure(1)}}));
  const std::string rows = ReadFile(Run() + "/episodes.csv");
  EXPECT_THAT(rows.substr(0, rows.find('\n')),
              HasSubstr(",trials,first_trial_return,last_trial_return,cut_trial_return"));
  EXPECT_THAT(rows, HasSubstr(",2,6,6,1\n"));
  const Outcome evaluated = Nmn({"eval", "--policy=" + Run(), "--episodes=20", "--json"}, Brings("tasks:Thrice"));
  ASSERT_EQ(evaluated.code, 0) << evaluated.err;
  const nlohmann::json found = nlohmann::json::parse(evaluated.out);
  EXPECT_EQ(found["trials"]["2"]["return_mean"], 6);
  EXPECT_EQ(found["trials"]["2"]["episodes"], 20);
}

TEST_F(PythonTask, ThePageOfTheExportReadsHowTrialsEndAsTheTraceHasIt) {
  ASSERT_EQ(Train(Run(), Brings("tasks:Thrice"), {"--actors=1"}).code, 0);
  const std::string trace = ExpectTheExportPageComputes(Run(), "tasks:Thrice");
  EXPECT_THAT(trace.substr(0, trace.find('\n')), AllOf(HasSubstr(",previous_trial_end,"), HasSubstr(",trial_end")));
}

TEST_F(PythonTask, ALearnerNeedsNoCodeAndAnActorLoadsNoneThatItsOwnCommandLineDoesNotName) {
  const Outcome embedded = Train(Run(), Brings("tasks:Drift"), {"--actors=1"});
  ASSERT_EQ(embedded.code, 0) << embedded.err;
  Subprocess learner(LearnerCommand(ConfigFile(Brings("tasks:Drift")), Run() + "-tcp"));
  const std::string address = AddressOf(learner);
  ASSERT_FALSE(address.empty()) << learner.err();

  const Outcome without = RunProcess(ActorCommand(address, {}));
  EXPECT_EQ(without.code, 42);
  EXPECT_THAT(without.err, HasSubstr("A task of your own needs --task_python=tasks:Drift in each command"));
  const Outcome other = RunProcess(ActorCommand(address, Brings("tasks:Several")));
  EXPECT_EQ(other.code, 42);
  EXPECT_THAT(other.err, AllOf(HasSubstr("task.name is "), HasSubstr("tasks.Several"), HasSubstr("tasks.Drift")));

  Subprocess actor(ActorCommand(address, Brings("tasks:Drift")));
  EXPECT_EQ(learner.Wait(), 0) << learner.err();
  EXPECT_EQ(actor.Wait(), 0) << actor.err();
  EXPECT_EQ(WeightsHash(Run() + "-tcp"), WeightsHash(Run()));
}

TEST_F(PythonTask, AFailureThatRecursEndsTheRun) {
  const Outcome outcome = Train(Run(), Brings("faults:Raises"), {"--actors=1"});
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("step 3: ValueError: the motor is too hot"));
  const nlohmann::json summary = ReadSummary(Run());
  EXPECT_EQ(summary["complete"], false);
  EXPECT_EQ(summary["ended_by"], "failure");
}

// A unit of each of the first updates is played twice.
TEST_F(PythonTask, ARunFindsATaskThatIsNoFunctionOfItsSeeds) {
  for (const char* actors : {"--actors=1", "--actors=3"}) {
    const Outcome sync = Train(Run() + actors, Brings("tasks:Restless"), {actors});
    EXPECT_EQ(sync.code, 42);
    EXPECT_THAT(sync.err,
                AllOf(HasSubstr("of update 1 was played twice and differs: observation["), HasSubstr(" of episode "),
                      HasSubstr(" at step "), HasSubstr("task tasks.Restless is not a function of its seeds")));
  }
  const Outcome async =
      Train(Run(), Brings("tasks:Restless"), {"--actors=1", "--set=mode=ASYNC", "--set=async.max_lag=1"});
  EXPECT_EQ(async.code, 0) << async.err;
  EXPECT_THAT(async.err, HasSubstr("was played twice and differs: observation["));
}

TEST_F(PythonTask, ARunLooksForNoneWhereItIsToldNotTo) {
  const Outcome outcome = Train(Run(), Brings("tasks:Restless"), {"--actors=1", "--set=work.verify_units=0"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

// Statistics of what networks read follow from the episodes alone, and are in the weights that actors get, in the
// checkpoint, and in the export.
TEST_F(PythonTask, ANormalisedRunIsTheSameWhoeverPlaysItAndWhereverItWasResumed) {
  const std::vector<std::string> brings = Brings("tasks:Thrice");
  const auto flags_with = [&](const std::string& value) {
    std::vector<std::string> flags = brings;
    for (const char* field : {"observation", "reward"})
      flags.push_back(std::string("--set=normalize.") + field + "=" + value);
    return flags;
  };
  const Outcome plain = Train(Run() + "-plain", flags_with("false"), {"--actors=1"});
  ASSERT_EQ(plain.code, 0) << plain.err;
  const std::vector<std::string> flags = flags_with("true");
  const Outcome one = Train(Run(), flags, {"--actors=1", "--threads=1"});
  ASSERT_EQ(one.code, 0) << one.err;
  const std::string hash = WeightsHash(Run());
  EXPECT_NE(hash, WeightsHash(Run() + "-plain"));
  ExpectTheExportPageComputes(Run(), "tasks:Thrice");

  const Outcome three = Train(Run() + "-3", flags, {"--actors=3", "--python_workers=2"});
  ASSERT_EQ(three.code, 0) << three.err;
  EXPECT_EQ(WeightsHash(Run() + "-3"), hash);

  Subprocess learner(LearnerCommand(ConfigFile(flags), Run() + "-tcp"));
  const std::string address = AddressOf(learner);
  ASSERT_FALSE(address.empty()) << learner.err();
  Subprocess actor(ActorCommand(address, brings));
  EXPECT_EQ(learner.Wait(), 0) << learner.err();
  EXPECT_EQ(actor.Wait(), 0) << actor.err();
  EXPECT_EQ(WeightsHash(Run() + "-tcp"), hash);

  std::vector<std::string> half = Flags(flags);
  std::replace(half.begin(), half.end(), "--updates=" + std::to_string(kUpdates),
               "--updates=" + std::to_string(kUpdates / 2));
  const std::string stopped = "--run_dir=" + Run() + "-half";
  const Outcome first = Nmn({"train", "--no_figure", stopped}, half);
  ASSERT_EQ(first.code, 0) << first.err;
  std::vector<std::string> more = brings;
  more.push_back("--updates=" + std::to_string(kUpdates));
  const Outcome resumed = Nmn({"train", "--resume", "--no_figure", stopped}, more);
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(WeightsHash(Run() + "-half"), hash);
}

TEST_F(PythonTask, ARunIsResumedAndEvaluatedWithTheSameFlag) {
  ASSERT_EQ(Train(Run(), Brings("tasks:Drift"), {"--actors=1"}).code, 0);
  const Outcome without = Nmn({"train", "--resume", "--run_dir=" + Run()}, {});
  EXPECT_EQ(without.code, 42);
  EXPECT_THAT(without.err, HasSubstr(" is of tasks.Drift, a task of your own; add --task_python=MODULE:FACTORY"));
  EXPECT_THAT(without.err, HasSubstr("--task_python"));
  std::vector<std::string> more = Brings("tasks:Drift");
  more.push_back("--updates=" + std::to_string(kUpdates + 1));
  const Outcome resumed = Nmn({"train", "--resume", "--no_figure", "--run_dir=" + Run()}, more);
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  const Outcome evaluated = Nmn({"eval", "--policy=" + Run(), "--episodes=20"}, Brings("tasks:Drift"));
  EXPECT_EQ(evaluated.code, 0) << evaluated.err;
  EXPECT_THAT(evaluated.out, HasSubstr("trial last"));
}

TEST_F(PythonTask, WhatItPrintsIsLostWhereNobodyReadsAndTheRunGoesOn) {
  std::string command;
  for (const std::string& word : TrainCommand(Run(), Brings("tasks:Prints"), {"--actors=1"}))
    command += "'" + word + "' ";
  ASSERT_EQ(RunProcess({"/bin/sh", "-c", command + "2>&1 | head -n 1"}, std::chrono::seconds(120)).code, 0);
  EXPECT_THAT(ReadFile(Run() + "/summary.json"), HasSubstr("\"complete\": true"));
}

// What Python warns of is the task's, and none of ours.
TEST_F(PythonTask, APythonThatWarnsOfMuchHasNothingToSayOfOurWorker) {
  std::vector<std::string> check = Brings("tasks:Drift");
  check.insert(check.begin(), {Binary("nmn"), "task", "check"});
  const Outcome outcome =
      RunProcess(check, std::chrono::seconds(60), {"PYTHONDEVMODE=1", "PYTHONPATH=tests/unit/bridge"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
}

// A job of Slurm begins in the sweep's directory, from where a relative path leads elsewhere.
TEST_F(PythonTask, WhatIsGivenByARelativePathIsFoundByAJobThatBeginsElsewhere) {
  const std::string said = folder_.path() + "/said", sbatch = folder_.path() + "/sbatch";
  WriteFile(sbatch, "#!/bin/sh\nprintf '%s\\n' \"$PYTHONPATH\" \"$@\" > " + said + "\necho 17\n");
  std::filesystem::permissions(sbatch, std::filesystem::perms::owner_all);
  const std::string python = std::filesystem::relative(python_);
  setenv("PYTHONPATH", ("tests/unit/bridge:" + folder_.path()).c_str(), 1);
  const Outcome swept = RunProcess({Binary("nmn"), "sweep", folder_.path() + "/sweep", "--engine=slurm", "--seeds=1",
                                    "--task_python=tasks:Drift", "--python=" + python},
                                   std::chrono::seconds(60), {"PATH=" + folder_.path() + ":/usr/bin:/bin"});
  ASSERT_EQ(swept.code, 0) << swept.err;
  const std::string here = std::filesystem::current_path();
  EXPECT_THAT(ReadFile(said), AllOf(HasSubstr(here + "/tests/unit/bridge:" + folder_.path() + "\n"),
                                    HasSubstr("--task_python=tasks:Drift\n--python=" + here + "/" + python + "\n")));
}

}  // namespace
}  // namespace nmn::testing
