// The engines that hand the runs to a scheduler: what they write and say to it. Slurm's programs are stood in for by
// scripts; tests/deploy runs the real ones.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/subprocess.h"

namespace nmn::sweep {
namespace {

using ::nmn::testing::Binary;
using ::nmn::testing::Outcome;
using ::nmn::testing::ReadFile;
using ::nmn::testing::RunProcess;
using ::nmn::testing::TemporaryDirectory;
using ::nmn::testing::WriteFile;
using ::testing::HasSubstr;

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
  void Finish(const std::string& run) {
    std::filesystem::create_directories(directory + "/" + run);
    WriteFile(directory + "/" + run + "/summary.json", "{\"complete\": true}");
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

TEST_F(SweepEngine, SlurmsOwnWordsSayWhyItRefuses) {
  Fake("sbatch", "echo 'sbatch: error: invalid partition specified: long' >&2; exit 1\n");
  const Outcome outcome = SweepGrid({"--engine=slurm"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("sbatch refused: sbatch: error: invalid partition specified: long"));
}

TEST_F(SweepEngine, KubernetesGetsTheSizeAndTheConfigsOfTheSweep) {
  const Outcome outcome = SweepGrid({"--engine=kubernetes", "--registry=registry.example/nmn", "--tag=7", "--jobs=4"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              HasSubstr("kubectl apply -k " + std::filesystem::canonical(directory).string() + "/kubernetes"));
  const std::string size = ReadFile(directory + "/kubernetes/size.yaml");
  EXPECT_THAT(size, HasSubstr("completions: 6\n  parallelism: 4\n"));
  EXPECT_THAT(size, HasSubstr("image: \"registry.example/nmn/nmn-learner:7\"\n"));
  EXPECT_THAT(size, HasSubstr("minAvailable: 3\n"));
  const std::string configs = ReadFile(directory + "/kubernetes/configs.yaml");
  EXPECT_THAT(configs, HasSubstr("  runs.txt: |\n    b1-nmn-s1\n    b1-nmn-s2\n"));
  EXPECT_THAT(configs, HasSubstr("  b1-rnn-s3.textproto: |\n    benchmark: \"b1\"\n"));
  for (const auto& file : std::filesystem::directory_iterator("deploy/kubernetes/base"))
    EXPECT_EQ(ReadFile(directory + "/kubernetes/base/" + file.path().filename().string()),
              ReadFile(file.path().string()));
}

TEST_F(SweepEngine, AConfigMapTooLargeIsRefused) {
  std::vector<std::string> flags = {directory, "--benchmark=b1,b2,b3", "--arch=nmn,rnn", "--seeds=1-166",
                                    "--engine=kubernetes"};
  const Outcome outcome = Sweep(flags);
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("split the sweep by --seeds"));
  EXPECT_FALSE(std::filesystem::exists(directory + "/kubernetes"));
}

TEST_F(SweepEngine, AFlagOfAnotherEngineIsRefused) {
  EXPECT_THAT(SweepGrid({"--actors=2"}).err, HasSubstr("--actors is for --engine=slurm; this is --engine=local"));
  EXPECT_THAT(SweepGrid({"--engine=slurm", "--tag=1"}).err, HasSubstr("--tag is for --engine=kubernetes"));
  EXPECT_THAT(SweepGrid({"--engine=kubernetes", "--threads=2"}).err, HasSubstr("not for --engine=kubernetes"));
  EXPECT_FALSE(std::filesystem::exists(directory));
}

}  // namespace
}  // namespace nmn::sweep
