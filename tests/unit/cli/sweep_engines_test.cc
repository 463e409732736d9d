// The engines that hand the runs to a scheduler: what they write and say to it. Slurm's programs are stood in for by
// scripts; tests/deploy runs the real ones.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/integration/tiny_run.h"
#include "tests/support/subprocess.h"

namespace nmn::sweep {
namespace {

using ::nmn::testing::Binary;
using ::nmn::testing::Outcome;
using ::nmn::testing::ReadFile;
using ::nmn::testing::RunProcess;
using ::nmn::testing::TemporaryDirectory;
using ::nmn::testing::WriteFile;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class SweepEngine : public ::testing::Test {
 protected:
  // A program that is found before all others.
  void Fake(const std::string& name, const std::string& script) {
    const std::string path = folder.path() + "/bin/" + name;
    std::filesystem::create_directories(folder.path() + "/bin");
    WriteFile(path, "#!/bin/sh\n" + script);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  Outcome Sweep(std::vector<std::string> flags) {
    flags.insert(flags.begin(), {Binary("nmn"), "sweep"});
    return RunProcess(flags, std::chrono::seconds(60), {"PATH=" + folder.path() + "/bin:/usr/bin:/bin"});
  }
  Outcome SweepGrid(std::vector<std::string> more) {
    std::vector<std::string> flags = {directory, "--benchmark=b1", "--arch=nmn,rnn", "--seeds=1-3", "--updates=5"};
    flags.insert(flags.end(), more.begin(), more.end());
    return Sweep(flags);
  }
  // The folder that a task of the array gets: the real programs.
  static std::string Programs() { return std::filesystem::path(Binary("nmn")).parent_path().string(); }
  void Finish(const std::string& run) {
    std::filesystem::create_directories(directory + "/" + run);
    WriteFile(directory + "/" + run + "/summary.json", "{\"complete\": true, \"updates\": 5}");
  }

  TemporaryDirectory folder;
  std::string directory = folder.path() + "/sweep";
};

TEST_F(SweepEngine, SlurmGetsOneArrayJobWithTheRunsThatAreLeft) {
  ASSERT_EQ(SweepGrid({"--engine=kubernetes"}).code, 0);  // makes the directory
  Finish("b1-nmn-s2");
  Fake("squeue", "exit 1\n");
  Fake("sbatch", "printf '%s\\n' \"$@\" > " + folder.path() + "/said\necho 17\n");
  const Outcome outcome = SweepGrid({"--engine=slurm", "--actors=3", "--jobs=2", "--sbatch=--partition=long"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("submitted 5 of 6 runs as array job 17"));
  const std::string said = ReadFile(folder.path() + "/said");
  EXPECT_THAT(said, HasSubstr("--array=0,2-5%2\n"));
  EXPECT_THAT(said, HasSubstr("--ntasks=4\n"));
  EXPECT_THAT(said, HasSubstr("--requeue\n--open-mode=append\n"));
  EXPECT_THAT(said,
              HasSubstr("--partition=long\n" + std::filesystem::canonical(directory).string() + "/sweep.sbatch\n"));
  EXPECT_EQ(ReadFile(directory + "/sweep.sbatch"), ReadFile("deploy/slurm/sweep.sbatch"));
}

TEST_F(SweepEngine, WhatSlurmHasIsNotSubmittedAgain) {
  Fake("sbatch", "printf '%s\\n' \"$@\" > " + folder.path() + "/said\necho 17\n");
  ASSERT_EQ(SweepGrid({"--engine=slurm"}).code, 0);
  Fake("squeue", "echo '0 RUNNING'; echo '1 PENDING'; echo '4 COMPLETING'\n");
  ASSERT_EQ(SweepGrid({"--engine=slurm"}).code, 0);
  EXPECT_THAT(ReadFile(folder.path() + "/said"), HasSubstr("--array=2-3,5\n"));
  const auto status = nlohmann::json::parse(Sweep({"status", directory, "--json"}).out);
  EXPECT_EQ(status["runs"][0]["state"], "running");
  EXPECT_EQ(status["runs"][1]["state"], "queued");
  EXPECT_EQ(status["runs"][2]["state"], "waiting");
  Fake("squeue", "for i in 0 1 2 3 4 5; do echo \"$i PENDING\"; done\n");
  EXPECT_THAT(SweepGrid({"--engine=slurm"}).out, HasSubstr("nothing to submit"));
}

TEST_F(SweepEngine, WhereSlurmIsNotNothingIsWritten) {
  const Outcome outcome =
      RunProcess({Binary("nmn"), "sweep", directory, "--benchmark=b1", "--seeds=1", "--engine=slurm"},
                 std::chrono::seconds(60), {"PATH=" + folder.path()});
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("sbatch is not in PATH; --engine=slurm needs Slurm's commands"));
  EXPECT_FALSE(std::filesystem::exists(directory + "/sweep.json"));
}

// A warning on stderr is no part of the answer, and what is no task and state is no "none".
TEST_F(SweepEngine, WhatSqueueSaysBesideItsAnswerHidesNoTask) {
  Fake("sbatch", "echo 17\n");
  ASSERT_EQ(SweepGrid({"--engine=slurm"}).code, 0);
  const std::string rows = "for i in 0 1 2 3 4 5; do echo \"$i PENDING\"; done\n";
  Fake("squeue", "echo 'perl: warning: Setting locale failed.' >&2\n" + rows);
  EXPECT_THAT(SweepGrid({"--engine=slurm"}).out, HasSubstr("nothing to submit"));
  Fake("squeue", "echo 'a word of the day'\n" + rows);
  const Outcome outcome = SweepGrid({"--engine=slurm"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("squeue's answer is not understood: \"a word of the day\""));
  Fake("sbatch", "echo 'sbatch: a warning' >&2; echo 18\n");
  Fake("squeue", "exit 0\n");
  EXPECT_THAT(SweepGrid({"--engine=slurm"}).out, HasSubstr("as array job 18 ("));
}

TEST_F(SweepEngine, WhatTheEnvironmentSaysToSqueueHidesNoTask) {
  Fake("sbatch", "echo 17\n");
  ASSERT_EQ(SweepGrid({"--engine=slurm"}).code, 0);
  Fake("squeue", "env | grep SQUEUE_ || for i in 0 1 2 3 4 5; do echo \"$i PENDING\"; done\n");
  const Outcome outcome = RunProcess({Binary("nmn"), "sweep", directory, "--engine=slurm"}, std::chrono::seconds(60),
                                     {"PATH=" + folder.path() + "/bin:/usr/bin:/bin", "SQUEUE_STATES=RUNNING",
                                      "SQUEUE_USERS=nobody", "SQUEUE_FORMAT="});
  EXPECT_THAT(outcome.out, HasSubstr("nothing to submit")) << outcome.err;
}

TEST_F(SweepEngine, ArgumentsOfSbatchThatTheSweepOwnsAreRefused) {
  Fake("squeue", "exit 0\n");
  Fake("sbatch", "touch " + folder.path() + "/called; echo 17\n");
  for (const auto& [argument, words] :
       std::vector<std::pair<std::string, std::string>>{{"--array=0-1", "how many run at once with --jobs"},
                                                        {"-a0-1", "how many run at once with --jobs"},
                                                        {"--arr=0-1", "how many run at once with --jobs"},
                                                        {"--job-name=x", "finds its tasks by their name"},
                                                        {"-Jx", "finds its tasks by their name"},
                                                        {"--chdir=/tmp", "sets that itself"},
                                                        {"--test-only", "submit nothing"},
                                                        {"--usage", "submit nothing"},
                                                        {"--wait", "nmn sweep status"},
                                                        {"-W", "nmn sweep status"},
                                                        {"long", "begins with -"}}) {
    const Outcome outcome = SweepGrid({"--engine=slurm", "--sbatch=" + argument});
    EXPECT_EQ(outcome.code, 42) << argument;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("--sbatch=" + argument + ": "), HasSubstr(words)));
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/called"));
  EXPECT_FALSE(std::filesystem::exists(directory + "/sweep.json"));
  EXPECT_EQ(SweepGrid({"--engine=slurm", "--sbatch=--wait-all-nodes=1", "--sbatch=-plong"}).code, 0);
}

TEST_F(SweepEngine, AnAnswerOfSbatchThatIsNoJobIsNoSubmission) {
  Fake("squeue", "exit 0\n");
  Fake("sbatch", "echo 'slurm-wlm 22.05.8'\n");
  const Outcome outcome = SweepGrid({"--engine=slurm"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("sbatch's answer is not understood: \"slurm-wlm 22.05.8\""));
}

TEST_F(SweepEngine, ASweepThatSlurmRefusesIsNotBoundToIt) {
  Fake("squeue", "echo 'slurm_load_jobs error: no configuration' >&2; exit 1\n");
  Fake("sbatch", "echo 'sbatch: fatal: no configuration' >&2; exit 1\n");
  const Outcome refused = SweepGrid({"--engine=slurm"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("sbatch refused: sbatch: fatal: no configuration; nothing was submitted"),
                                 HasSubstr("or call it with --engine=local, which runs them here")));
  EXPECT_FALSE(std::filesystem::exists(directory + "/sweep.sbatch"));
  const Outcome status = Sweep({"status", directory});
  EXPECT_EQ(status.code, 0) << status.err;
  EXPECT_THAT(status.out, HasSubstr("0/6 runs done"));
  EXPECT_EQ(status.err, "");
  // It asks Slurm again, and runs nothing here, unless it is told so.
  EXPECT_THAT(Sweep({directory}).err, HasSubstr("sbatch refused"));
  EXPECT_FALSE(std::filesystem::exists(directory + "/b1-nmn-s1"));
  EXPECT_EQ(Sweep({directory, "--engine=kubernetes"}).code, 0);
}

TEST_F(SweepEngine, WithoutAnAnswerOfSqueueStatusSaysWhatTheFilesDo) {
  Fake("squeue", "exit 0\n");
  Fake("sbatch", "echo 17\n");
  ASSERT_EQ(SweepGrid({"--engine=slurm"}).code, 0);
  Finish("b1-nmn-s2");
  Fake("squeue", "echo 'cannot contact the controller' >&2; exit 1\n");
  const Outcome status = Sweep({"status", directory});
  EXPECT_EQ(status.code, 0) << status.err;
  EXPECT_THAT(status.out, HasSubstr("1/6 runs done"));
  EXPECT_THAT(status.err, HasSubstr("squeue failed: cannot contact the controller; what follows is what the files"));
  // What may be with Slurm is not run a second time.
  const Outcome here = Sweep({directory, "--engine=kubernetes"});
  EXPECT_EQ(here.code, 1);
  EXPECT_THAT(here.err, HasSubstr("If none is any more, remove "));
  std::filesystem::remove(directory + "/sweep.sbatch");
  EXPECT_EQ(Sweep({directory, "--engine=kubernetes"}).code, 0);
}

TEST_F(SweepEngine, TheNextCallStaysWithTheEngineAndItsFlags) {
  Fake("squeue", "exit 0\n");
  Fake("sbatch", "printf '%s\\n' \"$@\" > " + folder.path() + "/said\necho 17\n");
  ASSERT_EQ(SweepGrid({"--engine=slurm", "--actors=3", "--sbatch=--partition=long"}).code, 0);
  std::filesystem::remove(folder.path() + "/said");
  const Outcome outcome = Sweep({directory});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("submitted 6 of 6 runs as array job 17"));
  EXPECT_THAT(ReadFile(folder.path() + "/said"), AllOf(HasSubstr("--ntasks=4\n"), HasSubstr("--partition=long\n")));
  EXPECT_FALSE(std::filesystem::exists(directory + "/b1-nmn-s1")) << "it ran here";
}

TEST_F(SweepEngine, AnotherEngineIsRefusedWhileSlurmHasTasks) {
  Fake("squeue", "exit 0\n");
  Fake("sbatch", "echo 17\n");
  ASSERT_EQ(SweepGrid({"--engine=slurm"}).code, 0);
  Fake("squeue", "echo '3 PENDING'\n");
  const Outcome refused = Sweep({directory, "--engine=kubernetes"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("1 of its runs is with Slurm; wait for them, or scancel --name=nmn-sweep-"),
                                 HasSubstr("before --engine=kubernetes")));
  EXPECT_THAT(ReadFile(directory + "/sweep.json"), HasSubstr("\"name\": \"slurm\""));
  Fake("squeue", "exit 0\n");
  EXPECT_EQ(Sweep({directory, "--engine=kubernetes"}).code, 0);
  EXPECT_THAT(ReadFile(directory + "/sweep.json"), HasSubstr("\"name\": \"kubernetes\""));
}

// squeue and sacct split lists of names at commas.
TEST_F(SweepEngine, TheNameOfTheJobIsFoundAgainWhateverTheFolderIsCalled) {
  directory = folder.path() + "/a, b's \"c\" $HOME;\xc3\xa4";
  // Knows one task, by the name that sbatch was given, and lists of names as the real one does.
  Fake("squeue",
       "for a; do case $a in --name=*) names=${a#--name=};; esac; done\n"
       "IFS=,; for name in $names; do [ \"$name\" = \"$(cat " +
           folder.path() + "/name)\" ] && echo '0 RUNNING'; done; exit 0\n");
  Fake("sbatch", "for a; do case $a in --job-name=*) printf %s \"${a#--job-name=}\" > " + folder.path() +
                     "/name;; esac; done\n"
                     "echo 17\n");
  const Outcome outcome = SweepGrid({"--engine=slurm"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  // The hint is for a shell to read.
  EXPECT_THAT(outcome.out, HasSubstr("see: " + Binary("nmn") + " sweep status '"));
  EXPECT_THAT(ReadFile(folder.path() + "/name"), MatchesRegex("nmn-[A-Za-z0-9._-]+-[0-9a-f]+"));
  EXPECT_THAT(SweepGrid({"--engine=slurm"}).out, HasSubstr("submitted 5 of 6 runs"));
}

TEST_F(SweepEngine, APathThatSlurmWouldChangeIsRefused) {
  Fake("squeue", "exit 0\n");
  Fake("sbatch", "echo 17\n");
  const std::string parent = directory;
  for (const std::string name : {"50%j", "back\\slash", "new\nline", "tab\t"}) {
    directory = parent + "/" + name;
    const Outcome outcome = SweepGrid({"--engine=slurm"});
    EXPECT_EQ(outcome.code, 42) << name;
    EXPECT_THAT(outcome.err, HasSubstr("without %, backslash and control characters"));
    EXPECT_FALSE(std::filesystem::exists(directory + "/sweep.json"));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
}

TEST_F(SweepEngine, SlurmGetsWhatIsChosenAndItsIndicesStay) {
  Fake("squeue", "exit 0\n");
  Fake("sbatch", "printf '%s\\n' \"$@\" > " + folder.path() + "/said\necho 17\n");
  ASSERT_EQ(SweepGrid({"--engine=slurm"}).code, 0);
  const Outcome more = Sweep({directory, "--seeds=3-4"});
  ASSERT_EQ(more.code, 0) << more.err;
  EXPECT_EQ(more.err, "the sweep grows: 2 more runs, 8 in all\n");
  const Outcome set = Sweep({directory, "--set=checkpoint.keep=3", "--seeds=3-4"});
  EXPECT_EQ(set.err, "from their next start on, runs that are not done have --set checkpoint.keep=3\n");
  EXPECT_THAT(ReadFile(folder.path() + "/said"), HasSubstr("--array=2,5-7\n"));
  EXPECT_THAT(ReadFile(directory + "/runs.txt"), HasSubstr("b1-rnn-s3\nb1-nmn-s4\nb1-rnn-s4\n"));
}

// The job's name comes from the path, so a path that begins where one stands would be another sweep's elsewhere.
TEST_F(SweepEngine, ANewDirectoryIsKnownByItsWholePath) {
  const Outcome outcome = RunProcess({"/bin/sh", "-c",
                                      "cd " + folder.path() + " && exec " + Binary("nmn") +
                                          " sweep new/one --benchmark=b1 --seeds=1 --engine=kubernetes"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(std::filesystem::canonical(folder.path()).string() + "/new/one/kubernetes"));
}

TEST_F(SweepEngine, SlurmsOwnWordsSayWhyItRefuses) {
  Fake("sbatch", "echo 'sbatch: error: invalid partition specified: long' >&2; exit 1\n");
  const Outcome outcome = SweepGrid({"--engine=slurm"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("sbatch refused: sbatch: error: invalid partition specified: long"));
}

TEST_F(SweepEngine, KubernetesGetsTheSizeAndTheConfigsOfTheSweep) {
  const Outcome outcome = SweepGrid({"--engine=kubernetes", "--registry=registry.example/nmn", "--tag=7", "--jobs=4"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("kubectl apply --server-side -k " +
                                     std::filesystem::canonical(directory).string() + "/kubernetes"));
  const std::string size = ReadFile(directory + "/kubernetes/size.yaml");
  EXPECT_THAT(size, HasSubstr("completions: 6\n  parallelism: 4\n"));
  EXPECT_THAT(size, HasSubstr("image: \"registry.example/nmn/nmn-learner:7\"\n"));
  EXPECT_THAT(ReadFile(directory + "/kubernetes/budget.yaml"), HasSubstr("minAvailable: 3\n"));
  const std::string configs = ReadFile(directory + "/kubernetes/configs.yaml");
  EXPECT_THAT(configs, HasSubstr("  runs.txt: |\n    b1-nmn-s1\n    b1-nmn-s2\n"));
  EXPECT_THAT(configs, HasSubstr("  b1-rnn-s3.textproto: |\n    benchmark: \"b1\"\n"));
  for (const auto& file : std::filesystem::directory_iterator("deploy/kubernetes/base"))
    EXPECT_EQ(ReadFile(directory + "/kubernetes/base/" + file.path().filename().string()),
              ReadFile(file.path().string()));
}

TEST_F(SweepEngine, ImagesThatNoRegistryHasAreRefusedAndNothingIsWritten) {
  for (const std::string flag : {"--registry=x: y", "--registry=a\nb", "--tag=a: b"}) {
    const Outcome outcome = SweepGrid({"--engine=kubernetes", flag});
    EXPECT_EQ(outcome.code, 42) << flag;
    EXPECT_THAT(outcome.err, HasSubstr(flag.substr(0, flag.find('=')))) << flag;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
  EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST_F(SweepEngine, KeysOfAConfigMapCarryTheValuesOfTheGrid) {
  ASSERT_EQ(SweepGrid({"--engine=kubernetes", "--grid=ppo.trace_decay=0.9,9.5e-1"}).code, 0);
  EXPECT_THAT(ReadFile(directory + "/kubernetes/configs.yaml"),
              AllOf(HasSubstr("\n  b1-nmn-ppo.trace_decay-0.9-s1.textproto: |\n"),
                    HasSubstr("\n  b1-rnn-ppo.trace_decay-9.5e-1-s3.textproto: |\n")));
}

TEST_F(SweepEngine, AConfigMapTooLargeIsRefused) {
  std::vector<std::string> flags = {directory, "--benchmark=b1,b2,b3", "--arch=nmn,rnn", "--seeds=1-166",
                                    "--engine=kubernetes"};
  const Outcome outcome = Sweep(flags);
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("split the sweep by --seeds"));
  EXPECT_FALSE(std::filesystem::exists(directory));
  // Nor may a sweep grow to that; it stays what it was.
  ASSERT_EQ(SweepGrid({"--engine=kubernetes"}).code, 0);
  const std::string before = ReadFile(directory + "/sweep.json"), runs = ReadFile(directory + "/runs.txt");
  EXPECT_EQ(Sweep({directory, "--seeds=1-450"}).code, 42);
  EXPECT_EQ(ReadFile(directory + "/sweep.json"), before);
  EXPECT_EQ(ReadFile(directory + "/runs.txt"), runs);
  EXPECT_FALSE(std::filesystem::exists(directory + "/configs/b1-nmn-s450.textproto"));
  EXPECT_EQ(Sweep({directory, "--seeds=1-4"}).code, 0);
}

TEST_F(SweepEngine, AFlagOfAnotherEngineIsRefused) {
  EXPECT_THAT(SweepGrid({"--actors=2"}).err, HasSubstr("--actors is for --engine=slurm; this is --engine=local"));
  EXPECT_THAT(SweepGrid({"--engine=slurm", "--tag=1"}).err, HasSubstr("--tag is for --engine=kubernetes"));
  EXPECT_THAT(SweepGrid({"--engine=kubernetes", "--threads=2"}).err, HasSubstr("not for --engine=kubernetes"));
  EXPECT_FALSE(std::filesystem::exists(directory));
}

// What a task of the array starts, by a step that says its words and ends.
TEST_F(SweepEngine, ATaskOfASweepFromOldWeightsNamesThem) {
  Fake("sbatch", "echo 7");
  Fake("squeue", "");
  Fake("srun", "echo \"$@\"; exit 42");
  const std::string source = folder.path() + "/source";
  std::vector<std::string> train = {Binary("nmn"), "train", "--run_dir=" + source, "--no_figure"};
  const std::vector<std::string> tiny = ::nmn::testing::TinyFlags(1);
  train.insert(train.end(), tiny.begin(), tiny.end());
  ASSERT_EQ(RunProcess(train).code, 0);
  for (const bool old : {false, true}) {
    std::vector<std::string> flags = {directory, "--benchmark=b1", "--preset=reference", "--seeds=1", "--engine=slurm"};
    if (old) flags.push_back("--init_from=" + source);
    const Outcome submitted = Sweep(flags);
    ASSERT_EQ(submitted.code, 0) << submitted.err;
    const Outcome task =
        RunProcess({"/bin/sh", "-c", "cd \"$0\" && PATH=\"$1:$PATH\" exec bash sweep.sbatch \"$2\" 0 cpu", directory,
                    folder.path() + "/bin", Programs()},
                   std::chrono::seconds(60),
                   {"SLURM_ARRAY_TASK_ID=0", "SLURM_ARRAY_JOB_ID=7", "SLURM_JOB_ID=7", "SLURM_NTASKS=2"});
    EXPECT_EQ(task.code, 42) << task.err;
    EXPECT_THAT(task.out, HasSubstr(Programs() + "/nmn-learner --config=configs/b1-nmn-s1.textproto"));
    const std::string flag = " --init_from=" + directory + "/init.safetensors";
    EXPECT_EQ(task.out.find(flag) != std::string::npos, old) << task.out;
    std::filesystem::remove_all(directory);
  }
  const Outcome kubernetes = Sweep(
      {directory, "--benchmark=b1", "--preset=reference", "--seeds=1", "--engine=kubernetes", "--init_from=" + source});
  EXPECT_EQ(kubernetes.code, 42);
  EXPECT_THAT(kubernetes.err, HasSubstr("--init_from is for --engine=local and slurm; this is --engine=kubernetes"));
  EXPECT_FALSE(std::filesystem::exists(directory));
}

// A library that a run loads may end its process.
TEST_F(SweepEngine, ARunThatEndsWithZeroAndIsNotCompleteIsNotDone) {
  const Outcome outcome = RunProcess({Binary("nmn"), "sweep", directory, "--task_plugin=" + std::string(SEEDS_PLUGIN),
                                      "--seeds=1", "--updates=2", "--jobs=1"},
                                     std::chrono::seconds(240), {"TASK_TEST_FAULT=exit"});
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("ended with code 0 3 times: and is not complete"));
}

// The code of a task of the user's own is named with the job, by whoever submits it, and in no file of the directory.
TEST_F(SweepEngine, OnlyActorsOfAJobGetTheFlagThatBringsATask) {
  Fake("sbatch", "printf '%s\n' \"$@\" > " + folder.path() + "/said\necho 17\n");
  Fake("squeue", "");
  const std::string flag = "--task_plugin=" + std::string(SEEDS_PLUGIN);
  const std::string relative = "--task_plugin=" + std::filesystem::relative(SEEDS_PLUGIN).string();
  const Outcome submitted = Sweep({directory, relative, "--seeds=1", "--engine=slurm"});
  ASSERT_EQ(submitted.code, 0) << submitted.err;
  EXPECT_THAT(ReadFile(folder.path() + "/said"), HasSubstr("/sweep.sbatch\n"));
  EXPECT_THAT(ReadFile(folder.path() + "/said"), HasSubstr("\n20\ncpu\n--task_plugin=/"));
  for (const auto& file : std::filesystem::recursive_directory_iterator(directory)) {
    if (file.is_regular_file()) {
      EXPECT_THAT(ReadFile(file.path().string()), Not(HasSubstr("seeds_plugin"))) << file;
    }
  }

  // The learner ends with its actor.
  Fake("srun",
       "case \"$*\" in *nmn-learner*) ;; *) echo \"$@\"; echo over > gate; exit;; esac\n"
       "mkfifo gate; for a; do case $a in --output=*) echo serving on 127.0.0.1:1 >> \"${a#--output=}\";; esac; done\n"
       "read line < gate; exit 42\n");
  const Outcome task = RunProcess(
      {"/bin/sh", "-c", "cd \"$0\" && PATH=\"$1:$PATH\" exec bash sweep.sbatch \"$2\" 0 cpu \"$3\"", directory,
       folder.path() + "/bin", Programs(), flag},
      std::chrono::seconds(60), {"SLURM_ARRAY_TASK_ID=0", "SLURM_ARRAY_JOB_ID=7", "SLURM_JOB_ID=7", "SLURM_NTASKS=2"});
  EXPECT_EQ(task.code, 42) << task.err;
  EXPECT_THAT(task.out, ::testing::ContainsRegex("/nmn-actor --learner=127.0.0.1:1 --tls=[^ ]*/actor "
                                                 "--connect_timeout=60 --task_plugin="));
  EXPECT_THAT(task.out, HasSubstr(flag));

  std::filesystem::remove_all(directory);
  const Outcome kubernetes = Sweep({directory, flag, "--seeds=1", "--engine=kubernetes"});
  ASSERT_EQ(kubernetes.code, 0) << kubernetes.err;
  EXPECT_THAT(
      ReadFile(directory + "/kubernetes/size.yaml"),
      HasSubstr("          args:\n            - \"--learner=127.0.0.1:50051\"\n"
                "            - \"--metrics=0.0.0.0:9465\"\n            - \"--metrics_tls=off\"\n            - \"" +
                flag + "\"\n"));
  EXPECT_THAT(ReadFile("deploy/kubernetes/base/job.yaml"),
              HasSubstr("args: [\"--learner=127.0.0.1:50051\", \"--metrics=0.0.0.0:9465\", \"--metrics_tls=off\"]"));
}

// A scheduler's machines may have what this one lacks.
TEST_F(SweepEngine, ADeviceThatCannotBeIsRefusedBeforeAnythingIsMade) {
  for (const std::string engine : {"local", "slurm"}) {
    const Outcome outcome = SweepGrid({"--engine=" + engine, "--device=gpu"});
    EXPECT_EQ(outcome.code, 42);
    EXPECT_EQ(outcome.err, "nmn sweep: --device=gpu: it must be cpu, cuda or cuda:INDEX\n");
  }
  const Outcome here = SweepGrid({"--device=cuda:99"});
  EXPECT_EQ(here.code, 42);
  EXPECT_THAT(here.err, HasSubstr("nmn sweep: --device=cuda:99: "));
  EXPECT_FALSE(std::filesystem::exists(directory));
  Fake("sbatch", "echo 7");
  Fake("squeue", "");
  EXPECT_EQ(SweepGrid({"--engine=slurm", "--device=cuda:99"}).code, 0);
}

}  // namespace
}  // namespace nmn::sweep
