// Bad input, as a user meets it: one line that says what to do, the exit code of its kind, nothing half-written.

#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "tests/integration/surroundings.h"
#include "tests/integration/tiny_run.h"

namespace nmn::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// One line on stderr, nothing on stdout.
void ExpectRefused(const Outcome& outcome, int code, const ::testing::Matcher<std::string>& message) {
  ExpectOneLine(outcome, code, message);
  EXPECT_EQ(outcome.out, "");
}

Outcome Train(std::vector<std::string> flags) {
  flags.insert(flags.begin(), {Binary("nmn"), "train"});
  return RunProcess(flags, std::chrono::seconds(30));
}

TEST(BadInput, UnknownField) {
  ExpectRefused(Train({"--benchmark=b1", "--set", "ppo.kl_penalty.kl_targt=0.1"}), kPermanent,
                AllOf(HasSubstr("kl_targt"), HasSubstr("kl_target")));
}

TEST(BadInput, UnknownFieldInAFileNamesItsLine) {
  TemporaryDirectory directory;
  const std::string path = directory.path() + "/c.textproto";
  WriteFile(path, "benchmark: \"b1\"\nseeed: 3\n");
  ExpectRefused(RunProcess({Binary("nmn-learner"), "--config=" + path, "--run_dir=" + directory.path() + "/run"}),
                kPermanent,
                AllOf(HasSubstr("c.textproto:2"), HasSubstr("seeed"), HasSubstr("seed"), HasSubstr("newer nmn")));
}

TEST(BadInput, ImpossibleValueNamesFieldAndLegalValues) {
  ExpectRefused(Train({"--benchmark=b1", "--preset=reference", "--set", "ppo.kl_penalty.kl_target=-0.1"}), kPermanent,
                AllOf(HasSubstr("ppo.kl_penalty.kl_target is -0.1"), HasSubstr("must be above 0")));
}

TEST(BadInput, UnknownBenchmarkNamesThoseThereAre) {
  ExpectRefused(Train({"--benchmark=b9"}), kPermanent, AllOf(HasSubstr("b9"), HasSubstr("b1"), HasSubstr("b3")));
}

TEST(BadInput, UnknownFlag) { ExpectRefused(Train({"--benchmark=b1", "--sead=3"}), kPermanent, HasSubstr("--sead")); }

TEST(BadInput, MissingFile) {
  ExpectRefused(RunProcess({Binary("nmn-learner"), "--config=/nowhere/c.textproto"}), kPermanent,
                HasSubstr("/nowhere/c.textproto"));
}

TEST(BadInput, UnwritableDirectory) {
  TemporaryDirectory directory;
  WriteFile(directory.path() + "/file", "");
  ExpectRefused(Train({"--benchmark=b1", "--run_dir=" + directory.path() + "/file/run"}), kPermanent,
                AllOf(HasSubstr(directory.path() + "/file"), HasSubstr("--run_dir")));
}

TEST(BadInput, PortInUseNamesTheFlag) {
  TemporaryDirectory directory;
  Subprocess first(TinyTrain(directory.path() + "/a", 100000, {"--listen=127.0.0.1:0"}));
  ASSERT_TRUE(first.WaitForOutput("serving on 127.0.0.1:")) << first.err();
  const std::string text = first.err();
  const size_t at = text.find("serving on 127.0.0.1:") + std::string("serving on ").size();
  const std::string address = text.substr(at, text.find('\n', at) - at);
  ExpectRefused(RunProcess(TinyTrain(directory.path() + "/b", 1, {"--listen=" + address})), kRetry,
                AllOf(HasSubstr("--listen"), HasSubstr(address)));
}

TEST(BadInput, ListenOffLoopbackNeedsInsecure) {
  ExpectRefused(Train({"--benchmark=b1", "--listen=0.0.0.0:0"}), kPermanent, HasSubstr("--insecure"));
}

TEST(BadInput, MalformedAddress) {
  ExpectRefused(Train({"--benchmark=b1", "--listen=localhost"}), kPermanent, HasSubstr("localhost"));
  ExpectRefused(RunProcess({Binary("nmn-actor"), "--learner=host:99999999"}), kPermanent, HasSubstr("99999999"));
}

TEST(BadInput, CudaWithoutADeviceIsOneLine) {
  TemporaryDirectory directory;
  const Outcome outcome = RunProcess(TinyTrain(directory.path() + "/run", 1, {"--device=cuda"}));
  if (outcome.code == 0) GTEST_SKIP() << "this machine has a CUDA device";
  ExpectRefused(outcome, kPermanent, AllOf(HasSubstr("--device=cuda"), HasSubstr("cpu")));
}

// --print_config says what a start would say, and neither makes the run's directory.
TEST(BadInput, AFlagThatCannotWorkIsRefusedBeforeAnythingIsPrintedOrMade) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run", config = directory.path() + "/config",
                    nothing = directory.path() + "/nothing", policy = directory.path() + "/other/policy.safetensors";
  ASSERT_EQ(RunProcess(TinyTrain(directory.path() + "/other", 1)).code, 0);
  std::vector<std::string> train = TinyTrain(run, 1), print = TinyTrain(run, 1, {"--print_config"});
  const Outcome printed = RunProcess(print);
  ASSERT_EQ(printed.code, 0) << printed.err;
  WriteFile(config, printed.out);
  const std::vector<std::string> learner = {Binary("nmn-learner"), "--config=" + config, "--run_dir=" + run};
  for (const auto& [flag, words] : std::vector<std::pair<std::string, std::string>>{
           {"--device=gpu", "--device=gpu: it must be cpu, cuda or cuda:INDEX"},
           {"--device=cuda:99", "--device=cuda:99: "},
           {"--metrics=nonsense", "--metrics=nonsense"},
           {"--listen=nonsense", "--listen=nonsense"},
           {"--listen=0.0.0.0:0", "--insecure"},
           {"--init_from=" + nothing, "--init_from: there is no run directory, checkpoint or file " + nothing}}) {
    for (std::vector<std::string> command : {train, learner}) {
      SCOPED_TRACE(command[0] + " " + flag);
      command.push_back(flag);
      ExpectRefused(RunProcess(command), kPermanent, HasSubstr(words));
      command.push_back("--print_config");
      ExpectRefused(RunProcess(command), kPermanent, HasSubstr(words));
    }
  }
  for (std::vector<std::string> command : {train, print}) {
    command.insert(command.end(), {"--init_from=" + policy, "--arch=rnn"});
    ExpectRefused(RunProcess(command), kPermanent, HasSubstr("has the weights of an NMN"));
  }
  EXPECT_FALSE(std::filesystem::exists(run));
  ExpectRefused(RunProcess({Binary("nmn-actor"), "--learner=127.0.0.1:1", "--metrics=nonsense", "--print_config"}),
                kPermanent, HasSubstr("--metrics=nonsense"));
  // What is printed is what would be trained: the learner asks for the weights.
  print.push_back("--init_from=" + policy);
  const std::string digest = WeightsHash(directory.path() + "/other");
  EXPECT_THAT(RunProcess(print).out, HasSubstr("init_weights_sha256: \"" + digest + "\""));
}

TEST(BadInput, AbsentLearnerIsWaitedForAndThenGivenUp) {
  const Outcome outcome = RunProcess({Binary("nmn-actor"), "--learner=127.0.0.1:1", "--connect_timeout=1"});
  EXPECT_EQ(outcome.code, kRetry) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("127.0.0.1:1"), HasSubstr("waiting")));
}

TEST(BadInput, DirectoryWithARunIsRefusedWithoutResume) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 1)).code, 0);
  ExpectRefused(RunProcess(TinyTrain(run, 1)), kPermanent, AllOf(HasSubstr(run), HasSubstr("--resume")));
}

TEST(BadInput, ADirectoryWithARunAloneIsToldResume) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 1)).code, 0);
  ExpectRefused(Train({"--run_dir=" + run}), kPermanent,
                HasSubstr("--run_dir=" + run + " holds a run; add --resume to go on with it"));
}

// Whoever names it means a run in it.
TEST(BadInput, AFolderOfRunsIsNoDirectoryOfARun) {
  TemporaryDirectory directory;
  const std::string runs = directory.path() + "/runs";
  ASSERT_EQ(RunProcess(TinyTrain(runs + "/one", 1)).code, 0);
  for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--resume"}}) {
    ExpectRefused(RunProcess(TinyTrain(runs, 1, more)), kPermanent,
                  AllOf(HasSubstr(runs + " is a folder of runs; below it there is " + runs + "/one; "),
                        HasSubstr("--run_dir=" + runs + "/NAME")));
  }
  EXPECT_FALSE(std::filesystem::exists(runs + "/config.textproto"));
  EXPECT_FALSE(std::filesystem::exists(runs + "/checkpoints"));
  EXPECT_EQ(RunProcess(TinyTrain(runs + "/two", 1)).code, 0);
  ExpectRefused(RunProcess(TinyTrain(runs + "/two/inner", 1)), kPermanent,
                HasSubstr(runs + "/two/inner lies in the directory of another run, " + runs + "/two; choose another"));
}

TEST(BadInput, ResumeWithFewerUpdatesThanThereAreSaysBoth) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 3)).code, 0);
  const nlohmann::json before = ReadSummary(run);
  const Outcome outcome = Train({"--resume", "--run_dir=" + run, "--updates=1"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("has 3 updates already, more than the 1 asked for; ask for more with --updates"));
  EXPECT_EQ(ReadSummary(run)["ended_by"], "budget");
  EXPECT_LT(ReadSummary(run)["wall_seconds"], before["wall_seconds"].get<double>() + 1e-3) << "only looked at";
}

TEST(BadInput, ResumeOfAStoppedRunWithFewerUpdatesThanThereAreSaysHowToGoOn) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  Subprocess first(TinyTrain(run, 5000));
  ASSERT_TRUE(WaitForUpdate(first, run, 2)) << first.err();
  first.Signal(SIGTERM);
  ASSERT_EQ(first.Wait(), 75) << first.err();
  const Outcome outcome = Train({"--resume", "--run_dir=" + run, "--updates=1"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(" updates already, more than the 1 asked for; its own budget is 5000: "),
                                 HasSubstr("leave --updates out to go on")));
  EXPECT_EQ(ReadSummary(run)["complete"], false);
  EXPECT_EQ(ReadSummary(run)["ended_by"], "signal");
}

TEST(BadInput, ResumeWithAnotherConfigNamesTheField) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 1)).code, 0);
  ExpectRefused(Train({"--resume", "--run_dir=" + run, "--updates=2", "--set", "ppo.discount=0.9"}), kPermanent,
                HasSubstr("ppo.discount"));
  ExpectRefused(Train({"--resume", "--run_dir=" + run, "--updates=2", "--seed=99"}), kPermanent, HasSubstr("seed"));
  ExpectRefused(Train({"--resume", "--run_dir=" + run, "--updates=2", "--benchmark=b2"}), kPermanent,
                HasSubstr("benchmark"));
}

TEST(BadInput, SecondProcessOnOneDirectoryIsRefused) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  Subprocess first(TinyTrain(run, 100000));
  ASSERT_TRUE(first.WaitForOutput("run directory")) << first.err();
  ExpectRefused(RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run}), kRetry, HasSubstr(run));
}

// Flips a byte in the middle of every weights file.
void Corrupt(const std::string& run, bool all) {
  std::vector<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(run + "/checkpoints")) folders.push_back(entry.path());
  std::sort(folders.rbegin(), folders.rend());
  for (const std::string& folder : folders) {
    std::string bytes = ReadFile(folder + "/weights.safetensors");
    bytes[bytes.size() / 2] ^= 1;
    WriteFile(folder + "/weights.safetensors", bytes);
    if (!all) return;
  }
}

TEST(BadInput, CorruptNewestCheckpointFallsBackLoudly) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 4, {"--seed=7"})).code, 0);
  const std::string hash = WeightsHash(run);
  Corrupt(run, false);
  const Outcome outcome = RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--no_figure"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("weights.safetensors"));
  EXPECT_EQ(WeightsHash(run), hash);
}

TEST(BadInput, ALinkInACircleIsACorruptCheckpoint) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 4, {"--seed=7"})).code, 0);
  const std::string hash = WeightsHash(run), file = run + "/checkpoints/ckpt-00000004/state.binpb";
  std::filesystem::remove(file);
  std::filesystem::create_symlink("state.binpb", file);
  const Outcome outcome = RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--no_figure"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("is a link that leads in a circle"));
  EXPECT_EQ(WeightsHash(run), hash);
}

TEST(BadInput, AllCheckpointsCorruptIsRefused) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 4)).code, 0);
  Corrupt(run, true);
  const Outcome outcome = RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run});
  EXPECT_EQ(outcome.code, kPermanent) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("checkpoints"));
}

// Its rows, policy and summary are all that is left of it.
TEST(BadInput, ARunWithoutItsCheckpointsIsNotTrainedOver) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 2)).code, 0);
  std::filesystem::remove_all(run + "/checkpoints");
  const std::string summary = ReadFile(run + "/summary.json");
  ExpectRefused(RunProcess(TinyTrain(run, 3)), kPermanent,
                AllOf(HasSubstr(run + " holds a run (it has metrics.jsonl), but none of its checkpoints"),
                      HasSubstr("choose another --run_dir")));
  ExpectRefused(RunProcess(TinyTrain(run, 3, {"--resume"})), kPermanent, HasSubstr("--discard_corrupt"));
  EXPECT_EQ(UpdatesInMetrics(run), (std::vector<int>{1, 2}));
  EXPECT_EQ(ReadFile(run + "/summary.json"), summary);
  // What begins anew has no policy and no summary until it has its own.
  const Outcome cut = RunProcess(TinyTrain(run, 3, {"--resume", "--discard_corrupt"}), std::chrono::seconds(60),
                                 {"NMN_FAILPOINTS=run.update.begin=hit:1:crash"});
  EXPECT_NE(cut.code, 0);
  EXPECT_FALSE(std::filesystem::exists(run + "/policy.safetensors"));
  EXPECT_FALSE(std::filesystem::exists(run + "/summary.json"));
  std::filesystem::remove_all(run + "/checkpoints");
  const Outcome anew = RunProcess(TinyTrain(run, 3, {"--resume", "--discard_corrupt"}));
  EXPECT_EQ(anew.code, 0) << anew.err;
  EXPECT_EQ(UpdatesInMetrics(run), (std::vector<int>{1, 2, 3}));
}

TEST(BadInput, NothingIsWrittenForABadConfig) {
  TemporaryDirectory directory;
  const std::string run = directory.path() + "/run";
  Train({"--benchmark=b1", "--run_dir=" + run, "--set", "ppo.discount=2"});
  EXPECT_FALSE(std::filesystem::exists(run));
}

}  // namespace
}  // namespace nmn::testing
