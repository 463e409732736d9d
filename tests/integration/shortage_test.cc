// Too few threads, no room where a folder is made, no descriptors for workers: one line, and it may work later.

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/integration/surroundings.h"
#include "tests/integration/tiny_run.h"
#include "tests/support/python.h"

namespace nmn::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Shortage, TooFewThreadsAreRefusedAtTheStartWithTheirNumber) {
  if (!AnotherUserReachesThePrograms()) GTEST_SKIP() << "user 65534 cannot reach " << Binary("nmn");
  for (const int limit : {6, 20}) {
    ExpectOneLine(RunProcess(LimitedToProcesses({Binary("nmn-actor"), "--learner=127.0.0.1:1"}, limit)), kRetry,
                  AllOf(HasSubstr("needs 28"), HasSubstr("ulimit -u")));
    ExpectOneLine(RunProcess(LimitedToProcesses(TinyTrain("/nowhere", 1, {"--actors=2", "--threads=2"}), limit)),
                  kRetry, AllOf(HasSubstr("needs 28"), HasSubstr("ulimit -u")));
  }
}

// Without the check gRPC, or LibTorch's pool, waits for ever for a thread that it did not get.
TEST(Shortage, NobodyWaitsForAThreadThatALibraryDidNotGet) {
  if (kSanitized) GTEST_SKIP() << "LeakSanitizer wants a process of its own at the end";
  if (!AnotherUserReachesThePrograms()) GTEST_SKIP() << "user 65534 cannot reach " << Binary("nmn");
  for (const int limit : {2, 3, 6}) {
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{Binary("nmn"), "status", "127.0.0.1:1"},
          std::vector<std::string>{Binary("nmn-learner"), "--health", "--listen=127.0.0.1:1"}}) {
      ExpectOneLine(RunProcess(LimitedToProcesses(command, limit)), kRetry,
                    AllOf(HasSubstr("needs 12"), HasSubstr("ulimit -u")));
    }
    ExpectOneLine(RunProcess(LimitedToProcesses({Binary("nmn"), "bench", "--filter=wire/in_process"}, limit)), kRetry,
                  AllOf(HasSubstr("needs 28"), HasSubstr("ulimit -u")));
  }
}

// `command` where `folder` is a disk of its own, with these options of a tmpfs.
Outcome OnASmallDisk(const std::string& folder, const std::string& options, std::vector<std::string> command) {
  command.insert(command.begin(), {"/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                                   "mount -t tmpfs -o " + options + " none '" + folder + "' && exec \"$0\" \"$@\""});
  return RunProcess(command, std::chrono::seconds(120));
}

bool MayMount(const std::string& folder) { return OnASmallDisk(folder, "size=1M", {"/bin/true"}).code == 0; }

TEST(Shortage, WithoutRoomForAFolderItMayWorkLater) {
  const TemporaryDirectory folder;
  const std::string disk = folder.path() + "/disk", run = folder.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 2)).code, 0);
  std::filesystem::create_directory(disk);
  constexpr const char* kNoFile = "nr_inodes=1";  // the root has the one
  if (!MayMount(disk)) GTEST_SKIP() << "this process may not mount anything";
  ExpectOneLine(OnASmallDisk(disk, kNoFile, TinyTrain(disk + "/run", 1)), kRetry,
                AllOf(HasSubstr("No space left on device"), HasSubstr("free some space or choose another --run_dir")));
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{Binary("nmn"), "report", run, "--out=" + disk + "/report"},
        std::vector<std::string>{Binary("nmn"), "analyse", run, "--out=" + disk + "/analysis"},
        std::vector<std::string>{Binary("nmn"), "reproduce", "figure2", "--smoke", "--out=" + disk + "/figure"}}) {
    const Outcome outcome = OnASmallDisk(disk, kNoFile, command);
    EXPECT_EQ(outcome.code, kRetry) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("No space left on device"));
  }
}

TEST(Shortage, RunsOfAFigureThatFindNoRoomMayWorkLater) {
  const TemporaryDirectory folder;
  const std::string disk = folder.path() + "/disk";
  std::filesystem::create_directory(disk);
  if (!MayMount(disk)) GTEST_SKIP() << "this process may not mount anything";
  const Outcome outcome = OnASmallDisk(disk, "size=100k",
                                       {Binary("nmn"), "reproduce", "figure2", "--smoke", "--benchmarks=b1",
                                        "--seeds=1", "--jobs=1", "--threads=1", "--out=" + disk + "/figure"});
  EXPECT_EQ(outcome.code, kRetry) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("has no run that is done; their logs, in "));
}

TEST(Shortage, ASweepOnADiskThatHasFilledUpSaysSo) {
  const TemporaryDirectory folder;
  const std::string disk = folder.path() + "/disk", sweep = disk + "/sweep";
  std::filesystem::create_directory(disk);
  if (!MayMount(disk)) GTEST_SKIP() << "this process may not mount anything";
  const std::vector<std::string> begun = TinySweep(sweep, "1", 1, {"--jobs=1", "--threads=1"});
  std::vector<std::string> script = {"/bin/sh", "-c",
                                     "nmn=$0 disk=$1; shift; nohup \"$@\" > /dev/null 2>&1; rm -f $disk/sweep/logs/*;"
                                     "rm -r $disk/sweep/b1-nmn-s1; cat /dev/zero > $disk/filler 2> /dev/null;"
                                     "$nmn sweep $disk/sweep; echo code $?; $nmn sweep $disk/sweep --seeds=1-2",
                                     Binary("nmn"), disk};
  script.insert(script.end(), begun.begin(), begun.end());
  const Outcome outcome = OnASmallDisk(disk, "size=4M", script);
  EXPECT_THAT(outcome.out, HasSubstr("code 1\n"));
  EXPECT_THAT(outcome.err, HasSubstr("it said nothing, and the disk of its log is full: free some space"));
  EXPECT_EQ(outcome.code, kRetry);
  EXPECT_THAT(outcome.err, HasSubstr("No space left on device; free some space and call it again"));
}

TEST(Shortage, ARunOfASweepThatCannotStartNowWaitsForAnother) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer has threads and processes of its own";
  if (!AnotherUserReachesThePrograms()) GTEST_SKIP() << "user 65534 cannot reach " << Binary("nmn");
  const TemporaryDirectory folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  const std::vector<std::string> sweep = TinySweep(folder.path() + "/sweep", "1-2", 1, {"--jobs=2", "--threads=1"});
  const Outcome outcome = RunProcess(LimitedToProcesses(sweep, 4));
  EXPECT_EQ(outcome.code, kRetry) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("b1-nmn-s2 waits until another run has ended: cannot start "));
  EXPECT_THAT(outcome.err, HasSubstr("b1-nmn-s1 ended with code 1 3 times"));
}

TEST(Shortage, WithoutDescriptorsForItsWorkersATaskMayBePlayedLater) {
  const std::string python = PythonWithNumpy();
  if (python.empty()) GTEST_SKIP() << "NO PYTHON WITH NUMPY: apt-get install python3-numpy";
  const TemporaryDirectory folder;
  const Outcome outcome = RunProcess(
      InShell("ulimit -n 60; export PYTHONPATH=tests/unit/bridge PYTHONDONTWRITEBYTECODE=1",
              {Binary("nmn"), "train", "--task_python=tasks:Thrice", "--python=" + python, "--python_workers=12",
               "--updates=1", "--no_figure", "--metrics=off", "--run_dir=" + folder.path() + "/run"}));
  EXPECT_EQ(outcome.code, kRetry) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("Too many open files (see ulimit -n)"));
}

TEST(Shortage, AResultWithoutAStdoutIsAnError) {
  const TemporaryDirectory folder;
  const Outcome outcome =
      RunProcess(InShell("",
                         {Binary("nmn"), "reproduce", "figure2", "--smoke", "--benchmarks=b1", "--seeds=1", "--jobs=2",
                          "--threads=1", "--out=" + folder.path() + "/figure", "--json"},
                         ">&-"));
  EXPECT_EQ(outcome.code, kRetry) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("cannot write stdout"));
}

}  // namespace
}  // namespace nmn::testing
