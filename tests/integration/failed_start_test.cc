// A start that fails leaves a directory in which the same command works later.

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "common/net/address.h"
#include "tests/integration/tiny_run.h"
#include "tests/support/subprocess.h"

namespace nmn {
namespace {

using ::testing::HasSubstr;
using testing::Outcome;
using testing::RunProcess;
using testing::TinyTrain;

constexpr int kRetry = 1;
constexpr int kPermanent = 42;
constexpr std::chrono::seconds kLimit{120};

class FailedStart : public ::testing::Test {
 protected:
  std::vector<std::string> Command(const std::vector<std::string>& more = {}) const { return TinyTrain(run_, 1, more); }
  static void ExpectWorks(const std::vector<std::string>& command) {
    const Outcome outcome = RunProcess(command);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  }

  testing::TemporaryDirectory folder_;
  const std::string run_ = folder_.path() + "/run";
};

TEST_F(FailedStart, APortInUse) {
  for (const std::string flag : {"--listen", "--metrics"}) {
    const auto taken = net::Listen({"127.0.0.1", 0}, flag);
    ASSERT_TRUE(taken.ok()) << taken.status();
    std::vector<std::string> command = TinyTrain(run_ + flag, 1, {flag + "=127.0.0.1:" + std::to_string(taken->port)});
    const Outcome outcome = RunProcess(command);
    EXPECT_EQ(outcome.code, kRetry) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(flag));
    close(taken->fd);
    ExpectWorks(command);
  }
}

TEST_F(FailedStart, ADeviceThatIsNotThere) {
  const Outcome outcome = RunProcess(Command({"--device=cuda:99"}));
  EXPECT_EQ(outcome.code, kPermanent) << outcome.err;
  EXPECT_FALSE(std::filesystem::exists(run_));
  ExpectWorks(Command());
}

// The directory that a run gets where it names none is taken before the start, and given back.
TEST_F(FailedStart, LeavesNoDirectoryThatNobodyNamed) {
  std::vector<std::string> command = Command({"--device=cuda:99"});
  std::erase_if(command, [](const std::string& flag) { return flag.starts_with("--run_dir="); });
  command.insert(command.begin(), {"/bin/sh", "-c", "cd " + folder_.path() + " && exec \"$0\" \"$@\""});
  const Outcome outcome = RunProcess(command);
  EXPECT_EQ(outcome.code, kPermanent) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("cuda:99"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path() + "/runs"));
}

// No later call will do better, so 42.
TEST_F(FailedStart, OneAddressForActorsAndMetrics) {
  const Outcome outcome = RunProcess(Command({"--listen=127.0.0.1:9", "--metrics=127.0.0.1:9"}));
  EXPECT_EQ(outcome.code, kPermanent) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("--listen and --metrics are both 127.0.0.1:9; give them two ports"));
  ExpectWorks(Command());
}

TEST_F(FailedStart, AGenerationThatIsNoNumber) {
  std::filesystem::create_directory(run_);
  testing::WriteFile(run_ + "/generation", "seven\n");
  const Outcome outcome = RunProcess(Command());
  EXPECT_EQ(outcome.code, kPermanent) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(run_ + "/generation"));
  testing::WriteFile(run_ + "/generation", "7\n");
  ExpectWorks(Command());
}

// Messages of a lost start must not count. A count begun anew could be theirs.
TEST_F(FailedStart, AGenerationThatIsMissingGoesOnAboveEveryEarlierOne) {
  ExpectWorks(Command());
  std::filesystem::remove(run_ + "/generation");
  const Outcome outcome = RunProcess(TinyTrain(run_, 2, {"--resume"}));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err,
              HasSubstr(run_ + "/generation is missing, which counts the starts of this run; it goes on as "));
  EXPECT_GT(std::stoul(testing::ReadFile(run_ + "/generation")), 1'700'000'000u);
}

TEST_F(FailedStart, AFileThatNoRunWroteIsLeftAsItIs) {
  std::filesystem::create_directory(run_);
  testing::WriteFile(run_ + "/events.jsonl", "mine\n");
  const Outcome outcome = RunProcess(Command());
  EXPECT_EQ(outcome.code, kPermanent) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(run_ + "/events.jsonl is there already, and no run wrote it"));
  EXPECT_EQ(testing::ReadFile(run_ + "/events.jsonl"), "mine\n");
  std::filesystem::remove(run_ + "/events.jsonl");
  ExpectWorks(Command());
}

// Each step of a start and of checkpoint 0 that can fail.
TEST_F(FailedStart, AnErrorAtAnyStep) {
  for (const char* point :
       {"run.start.locked", "run.start.cut_back", "run.start.config_written", "run.start.generation_written",
        "checkpoint.save.begin", "checkpoint.save.file_written", "checkpoint.save.manifest_written",
        "checkpoint.save.folder_synced", "checkpoint.save.renamed", "checkpoint.save.directory_synced",
        "checkpoint.save.verified"}) {
    SCOPED_TRACE(point);
    const Outcome outcome =
        RunProcess(Command(), kLimit, {std::string("NMN_FAILPOINTS=") + point + "=error:UNAVAILABLE"});
    EXPECT_EQ(outcome.code, kRetry) << outcome.err;
  }
  ExpectWorks(Command());
}

// A library that computes no product right, in front of the one that LibTorch loads.
TEST_F(FailedStart, AWrongBlasIsSaidAndNoFailureWhereTrainingUsesNone) {
#ifdef NMN_LIBTORCH_ENGINE
  GTEST_SKIP() << "every run of this build uses a BLAS";
#endif
  const Outcome outcome =
      RunProcess(Command(), kLimit, {"LD_PRELOAD=" WRONG_BLAS, "ASAN_OPTIONS=verify_asan_link_order=0"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("wrong matrix products"));
  EXPECT_THAT(outcome.err, HasSubstr("this run does not use it"));
  const testing::TemporaryDirectory right;
  ExpectWorks(TinyTrain(right.path(), 1));
  EXPECT_EQ(testing::WeightsHash(run_), testing::WeightsHash(right.path()));
}

// Networks that nobody has written loops for.
TEST_F(FailedStart, AWrongBlasIsRefusedWhereTrainingUsesIt) {
  for (const char* assignment : {"network.cell=LSTM", "network.modulation=HYPERNETWORK"}) {
    const Outcome outcome = RunProcess(Command({"--set", assignment}), kLimit,
                                       {"LD_PRELOAD=" WRONG_BLAS, "ASAN_OPTIONS=verify_asan_link_order=0"});
    EXPECT_EQ(outcome.code, kPermanent) << assignment << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("wrong matrix products"));
  }
}

}  // namespace
}  // namespace nmn
