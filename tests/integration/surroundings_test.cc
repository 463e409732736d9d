// What surrounds a process and is not as it should be: limits, signals, disks, paths. Each ends with one line and a
// documented code, or does not matter.

#include "tests/integration/surroundings.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <thread>

#include "tests/integration/tiny_run.h"

namespace nmn::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// As in a root directory that somebody made for one program.
TEST(Surroundings, WithoutDevNullARunEndsAndAFigureSaysWhatIsMissing) {
  const auto without = [](const std::string& closed, std::vector<std::string> command) {
    command.insert(command.begin(), {"/usr/bin/unshare", "--mount", "/bin/sh", "-c",
                                     "mount -t tmpfs none /dev && exec \"$0\" \"$@\" " + closed});
    return RunProcess(command, std::chrono::seconds(120));
  };
  if (without("", {"/bin/true"}).code != 0) GTEST_SKIP() << "this process may not mount anything";
  const TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  EXPECT_EQ(without("<&- >&- 2>&-", TinyTrain(run, 2)).code, 0);
  EXPECT_EQ(ReadSummary(run)["updates"], 2);
  const Outcome report = without("", {Binary("nmn"), "report", run, "--out=" + folder.path() + "/report"});
  EXPECT_THAT(report.err, HasSubstr("gnuplot is not started: /dev/null is missing"));
}

TEST(Surroundings, ALimitOfFileSizesIsAWriteThatFails) {
  const TemporaryDirectory folder;
  const std::string run = folder.path() + "/run", out = folder.path() + "/trace.csv";
  ASSERT_EQ(RunProcess(TinyTrain(run, 2)).code, 0);
  ExpectOneLine(RunProcess(InShell("ulimit -f 8", {Binary("nmn"), "trace", "--policy=" + run, "--csv=" + out})), kRetry,
                HasSubstr("File too large"));
  EXPECT_FALSE(std::filesystem::exists(out));
  // A start says what to do; the same command begins where there is room.
  const std::string other = folder.path() + "/other";
  ExpectOneLine(RunProcess(InShell("ulimit -f 1", TinyTrain(other, 2))), kRetry,
                HasSubstr("(see ulimit -f); raise that limit, then give the same command again"));
  EXPECT_EQ(RunProcess(TinyTrain(other, 2)).code, 0);
}

TEST(Surroundings, APipeOrADeviceIsNoPolicy) {
  const TemporaryDirectory folder;
  const std::string pipe = folder.path() + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& other : {pipe, std::string("/dev/zero")}) {
    ExpectOneLine(RunProcess({Binary("nmn"), "eval", "--policy=" + other, "--episodes=1"}), 42, HasSubstr(other));
    ExpectOneLine(RunProcess({Binary("nmn"), "replay", other}), 42, HasSubstr(other));
    ExpectOneLine(RunProcess(TinyTrain(folder.path() + "/run", 1, {"--init_from=" + other})), 42, HasSubstr(other));
  }
}

TEST(Surroundings, AStopWhileTheLibrariesLoadIsAStop) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer comes before the first code";
  const auto stopped = [](const std::vector<std::string>& command) {
    return RunProcess(command, std::chrono::seconds(60), {"LD_PRELOAD=" EARLY_STOP});
  };
  const auto line = StartsWith("stopped while starting, nothing is lost; ");
  ExpectOneLine(stopped({Binary("nmn"), "train", "--benchmark=b1"}), kInterrupted, line);
  ExpectOneLine(stopped({Binary("nmn"), "sweep", "somewhere"}), kInterrupted, line);
  ExpectOneLine(stopped({Binary("nmn-learner")}), kInterrupted, line);
  ExpectOneLine(stopped({Binary("nmn-actor")}), 0, line);
  EXPECT_EQ(stopped({Binary("nmn"), "version"}).code, 128 + SIGTERM);
}

TEST(Surroundings, EverySignalThatAsksForAnEndSavesACheckpoint) {
  const TemporaryDirectory folder;
  for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU, SIGALRM, SIGPWR}) {
    SCOPED_TRACE(strsignal(signal));
    const std::string run = folder.path() + "/" + std::to_string(signal);
    Subprocess process(TinyTrain(run, 5000));
    ASSERT_TRUE(WaitForUpdate(process, run, 1)) << process.err();
    process.Signal(signal);
    EXPECT_EQ(process.Wait(), kInterrupted) << process.err();
    EXPECT_EQ(ReadSummary(run)["ended_by"], "signal");
  }
}

// What a run writes goes by its directory's name, under which another run may be by then.
TEST(Surroundings, ARunWhoseDirectoryIsMovedStopsAndLeavesTheNameToOthers) {
  const TemporaryDirectory folder;
  const std::string run = folder.path() + "/run", moved = folder.path() + "/moved";
  Subprocess process(TinyTrain(run, 1000), {"NMN_FAILPOINTS=run.update.begin=hit:3:delay:2000"});
  ASSERT_TRUE(WaitForUpdate(process, run, 2)) << process.err();
  std::filesystem::rename(run, moved);
  std::filesystem::create_directory(run);
  EXPECT_EQ(process.Wait(), 42) << process.err();
  EXPECT_THAT(process.err(), AllOf(HasSubstr(run + " was moved to "), HasSubstr("moved by somebody"),
                                   HasSubstr("Its last checkpoint, of update 0, is where its directory is")));
  for (const char* file : {"/checkpoints", "/config.textproto", "/summary.json", "/policy.safetensors"})
    EXPECT_FALSE(std::filesystem::exists(run + file)) << file;
  const Outcome outcome =
      RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + moved, "--no_figure", "--updates=4"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(UpdatesInMetrics(moved), (std::vector<int>{1, 2, 3, 4}));
}

TEST(Surroundings, VariablesOfLibrariesReachNoWeight) {
  const TemporaryDirectory folder;
  const std::string plain = folder.path() + "/plain", other = folder.path() + "/other";
  ASSERT_EQ(RunProcess(TinyTrain(plain, 2)).code, 0);
  ASSERT_EQ(RunProcess(TinyTrain(other, 2), std::chrono::seconds(120),
                       {"ATEN_CPU_CAPABILITY=default", "OPENBLAS_CORETYPE=Prescott", "OMP_NUM_THREADS=7"})
                .code,
            0);
  EXPECT_EQ(WeightsHash(other), WeightsHash(plain));
}

// gRPC would abort.
TEST(Surroundings, AWayToWaitThatGrpcDoesNotKnowIsOneLine) {
  for (const char* program : {"nmn", "nmn-actor", "nmn-learner"}) {
    ExpectOneLine(RunProcess({Binary(program), "--version"}, std::chrono::seconds(60), {"GRPC_POLL_STRATEGY=none"}), 42,
                  HasSubstr("GRPC_POLL_STRATEGY is \"none\"; it must be all, epoll1 or poll"));
  }
}

// Digests need nothing that a configuration could take away; TLS does, and says so.
TEST(Surroundings, AConfigurationOfOpenSslWithoutAProviderIsOneLineOrDoesNotMatter) {
  const TemporaryDirectory folder;
  const std::string file = folder.path() + "/openssl.cnf", run = folder.path() + "/run";
  WriteFile(file,
            "openssl_conf = init\n[init]\nproviders = them\n[them]\ngone = gone\n[gone]\nmodule = /nothing/gone.so\n"
            "activate = 1\n");
  const std::vector<std::string> broken = {"OPENSSL_CONF=" + file};
  const std::chrono::seconds limit(120);
  EXPECT_EQ(RunProcess(TinyTrain(run, 2), limit, broken).code, 0);
  const Outcome exported =
      RunProcess({Binary("nmn"), "export", run, "--out=" + folder.path() + "/p.safetensors"}, limit, broken);
  EXPECT_EQ(exported.code, 0) << exported.err;
  ExpectOneLine(RunProcess({Binary("nmn"), "certs", "init", folder.path() + "/certs"}, limit, broken), kPermanent,
                HasSubstr("OPENSSL_CONF is " + file + ", a configuration that leaves OpenSSL no SHA-256"));
  EXPECT_EQ(RunProcess({Binary("nmn"), "certs", "init", folder.path() + "/certs"}).code, 0);
  ASSERT_EQ(RunProcess({Binary("nmn"), "certs", "issue", folder.path() + "/certs", "--learner=localhost"}).code, 0);
  ExpectOneLine(RunProcess(TinyTrain(folder.path() + "/tls", 1,
                                     {"--tls=" + folder.path() + "/certs/learner-localhost", "--listen=127.0.0.1:0"}),
                           limit, broken),
                kPermanent, HasSubstr("OPENSSL_CONF is " + file));
}

TEST(Surroundings, AWorkingDirectoryThatWasRemovedIsSaid) {
  const TemporaryDirectory folder;
  const std::string gone = folder.path() + "/gone";
  std::filesystem::create_directory(gone);
  const std::string leave = "cd " + gone + " && rmdir " + gone;
  ExpectOneLine(RunProcess(InShell(leave, TinyTrain("run", 1))), kPermanent,
                HasSubstr("No such file or directory (the working directory was removed)"));
}

// Before anything is trained, which could not be written there.
TEST(Surroundings, WhatIsNoFileInThePlaceOfARunsFileIsToldAtTheStart) {
  const TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 1)).code, 0);
  for (const std::string name : {"episodes.csv", "metrics.jsonl", "summary.json", "policy.safetensors"}) {
    const std::string file = run + "/" + name, kept = folder.path() + "/kept";
    std::filesystem::rename(file, kept);
    const auto refused = [&](const std::string& words) {
      ExpectOneLine(RunProcess(TinyTrain(run, 2, {"--resume"})), kPermanent, AllOf(HasSubstr(file), HasSubstr(words)));
      std::filesystem::remove(file);
    };
    ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
    refused(" is a pipe, a socket or a device, and a file of the run has its place; move it away");
    std::filesystem::create_symlink("/dev/full", file);
    refused(" is a pipe, a socket or a device");
    std::filesystem::create_symlink(name, file);
    refused("Too many levels of symbolic links");
    std::filesystem::create_symlink("/nothing/there", file);
    refused(" is a link to /nothing/there, which is not there; put that back, or move the link away");
    std::filesystem::rename(kept, file);
  }
  std::filesystem::remove(run + "/config.textproto");
  std::filesystem::create_directory(run + "/config.textproto");
  ExpectOneLine(RunProcess({Binary("nmn"), "report", run, "--out=" + folder.path() + "/report"}), kPermanent,
                AllOf(HasSubstr(run + "/config.textproto"), HasSubstr("directory")));
  ExpectOneLine(RunProcess(TinyTrain("/", 1)), kPermanent, HasSubstr("--run_dir=/ is the root of the file system"));
}

TEST(Surroundings, ARunDirectoryThatIsALinkToNothingIsOneLine) {
  const TemporaryDirectory folder;
  const std::string link = folder.path() + "/link";
  std::filesystem::create_symlink("nowhere", link);
  ExpectOneLine(RunProcess(TinyTrain(link, 1)), 42,
                AllOf(HasSubstr("it is a link to nowhere"), HasSubstr("choose another --run_dir")));
}

// Of a parent that keeps such signals from itself, as some that start many programs do.
TEST(Surroundings, SignalsThatAParentBlocksOrIgnoresDoWhatTheyDo) {
  const TemporaryDirectory folder;
  std::vector<std::string> blocked = {"/usr/bin/env", "--block-signal=TERM", "--block-signal=INT"};
  const std::vector<std::string> train = TinyTrain(folder.path() + "/run", 1000);
  blocked.insert(blocked.end(), train.begin(), train.end());
  Subprocess process(blocked);
  ASSERT_TRUE(WaitForUpdate(process, folder.path() + "/run", 2)) << process.err();
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 75) << process.err();
  // A sweep waits for its runs.
  std::vector<std::string> ignored = TinySweep(folder.path() + "/sweep", "1", 1);
  ignored.insert(ignored.begin(), {"/usr/bin/env", "--ignore-signal=CHLD"});
  const Outcome outcome = RunProcess(ignored);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

// As systemd's watchdog ends a service.
TEST(Surroundings, AnAbortFromOutsideEndsARun) {
  const TemporaryDirectory folder;
  Subprocess process(TinyTrain(folder.path() + "/run", 100000));
  ASSERT_TRUE(WaitForUpdate(process, folder.path() + "/run", 1)) << process.err();
  const rlimit no_core{0, 0};
  ASSERT_EQ(prlimit(process.pid(), RLIMIT_CORE, &no_core, nullptr), 0);
  process.Signal(SIGABRT);
  EXPECT_EQ(process.Wait(), 128 + SIGABRT) << process.err();
}

// A shell on a terminal that stops jobs in the background when they write. The arguments are such a job. Once it is
// stopped it gets SIGTERM, and SIGCONT until it has ended. The exit code is the job's; 100: it was never stopped.
constexpr char kShellThatStopsWriters[] = R"(
import os, pty, sys, termios
shell, terminal = pty.fork()
if shell == 0:
    modes = termios.tcgetattr(0)
    modes[3] |= termios.TOSTOP
    termios.tcsetattr(0, termios.TCSANOW, modes)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.execv(sys.argv[1], sys.argv[1:])
    state = os.waitpid(job, os.WUNTRACED)[1]
    stopped = os.WIFSTOPPED(state)
    if stopped:
        os.kill(job, 15)
    while os.WIFSTOPPED(state):
        os.kill(job, 18)
        state = os.waitpid(job, os.WUNTRACED)[1]
    os._exit(os.waitstatus_to_exitcode(state) if stopped else 100)
try:
    while os.read(terminal, 4096): pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(shell, 0)[1]))
)";

TEST(Surroundings, AStopReachesAJobThatItsTerminalHasStopped) {
  if (std::system("python3 -c 'import pty' 2> /dev/null") != 0) GTEST_SKIP() << "NO PYTHON: apt-get install python3";
  const TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  std::vector<std::string> command = {"/usr/bin/env", "python3", "-c", kShellThatStopsWriters};
  const std::vector<std::string> train = TinyTrain(run, 100000);
  command.insert(command.end(), train.begin(), train.end());
  const Outcome outcome = RunProcess(command);
  EXPECT_EQ(outcome.code, kInterrupted) << outcome.err;
}

// What is a search for a pattern to us is a recursion once a letter to libstdc++.
TEST(Surroundings, NamesOfAnyLengthAreALine) {
  const TemporaryDirectory folder;
  const std::string run = folder.path() + "/run", name(100'000, 'A');
  const Outcome outcome = RunProcess(TinyTrain(run, 1), std::chrono::seconds(120), {"NMN_" + name + "=1"});
  EXPECT_EQ(outcome.code, 0) << outcome.err.substr(0, 200);
  EXPECT_THAT(outcome.err, HasSubstr(", which nothing reads; it is ignored"));
  for (const std::string& line : {name + ": 1", "mode: " + name}) {
    WriteFile(folder.path() + "/config.textproto", line);
    const Outcome refused = RunProcess({Binary("nmn"), "train", "--config=" + folder.path() + "/config.textproto"});
    EXPECT_EQ(refused.code, 42) << refused.err.substr(0, 200);
    EXPECT_THAT(refused.err, AnyOf(HasSubstr("unknown field"), HasSubstr("mode takes one of")));
  }
}

TEST(Surroundings, ALoopOfLinksInThePlaceOfAFileWillNotGetBetter) {
  const TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 1)).code, 0);
  std::filesystem::remove(run + "/policy.safetensors");
  std::filesystem::create_symlink("policy.safetensors", run + "/policy.safetensors");
  const Outcome outcome =
      RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--no_figure", "--updates=2"});
  EXPECT_EQ(outcome.code, 42) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("Too many levels of symbolic links"));
  const std::string loop = folder.path() + "/loop";
  std::filesystem::create_symlink("loop", loop);
  ExpectOneLine(RunProcess(TinyTrain(loop, 1)), 42, HasSubstr("Too many levels of symbolic links"));
}

// What the kernel has given to the process to write to, in bytes.
rlim_t DataBytes(int pid) {
  const std::string status = ReadFile("/proc/" + std::to_string(pid) + "/status");
  const size_t found = status.find("VmData:");
  return found == std::string::npos ? 0 : std::stoull(status.substr(found + 7)) * 1024;
}

// The critic's replay grows with every update, and from the fourth on the kernel gives nothing more: whichever thread
// and library asks first, the run ends as documented, and what was saved goes on.
TEST(Surroundings, WantOfMemoryInARunIsOneLineAndTheRunGoesOnToTheSameBits) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer needs memory of its own";
  const TemporaryDirectory folder;
  const std::vector<std::string> grows = {"--set=ppo.critic.replay_episodes=100000", "--threads=2", "--actors=2"};
  for (const std::string name : {"/a", "/b", "/c"}) {
    const std::string run = folder.path() + name, whole = folder.path() + name + "-whole";
    Subprocess process(TinyTrain(run, 5000, grows));
    ASSERT_TRUE(WaitForUpdate(process, run, 4)) << process.err();
    const rlim_t data = DataBytes(process.pid());
    ASSERT_GT(data, 0u);
    const rlimit limit{data, RLIM_INFINITY};
    ASSERT_EQ(prlimit(process.pid(), RLIMIT_DATA, &limit, nullptr), 0);
    ASSERT_EQ(process.Wait(), kRetry) << process.err();
    EXPECT_THAT(process.err(), HasSubstr("out of memory"));
    // Two updates beyond the last that was finished, from whatever checkpoint there is.
    const int updates = UpdatesInMetrics(run).back() + 2;
    const Outcome outcome = RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--no_figure",
                                        "--updates=" + std::to_string(updates)});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("resumed " + run + " after update "));
    ASSERT_EQ(RunProcess(TinyTrain(whole, updates, grows)).code, 0);
    EXPECT_EQ(WeightsHash(run), WeightsHash(whole));
  }
}

// Before main, where initialisers of libraries hang, crash and raise signals.
TEST(Surroundings, TooLittleRoomToLoadTheLibrariesIsOneLine) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer reserves the address space";
  for (const char* kilobytes : {"650000", "700000", "750000", "800000"}) {
    for (const char* program : {"nmn", "nmn-learner"}) {
      ExpectOneLine(RunProcess(InShell(std::string("ulimit -v ") + kilobytes, {Binary(program), "--version"})), kRetry,
                    AllOf(StartsWith(std::string(program) + ": "), HasSubstr("ulimit -v"), HasSubstr(kilobytes)));
    }
  }
  for (const char* kilobytes : {"60000", "130000", "200000"}) {
    for (const char* program : {"nmn", "nmn-learner"}) {
      ExpectOneLine(RunProcess(InShell(std::string("ulimit -d ") + kilobytes, {Binary(program), "--version"})), kRetry,
                    AllOf(StartsWith(std::string(program) + ": "), HasSubstr("ulimit -d"), HasSubstr(kilobytes)));
    }
  }
  ExpectOneLine(RunProcess(InShell("ulimit -v 50000", {Binary("nmn-actor"), "--version"})), kRetry,
                AllOf(StartsWith("nmn-actor: "), HasSubstr("ulimit -v")));
  for (const char* program : {"nmn", "nmn-learner", "nmn-actor"}) {
    const std::vector<std::string> version = {Binary(program), "--version"};
    ExpectOneLine(RunProcess(InShell("ulimit -s 64", version)), kRetry,
                  AllOf(StartsWith(std::string(program) + ": "), HasSubstr("ulimit -s")));
    EXPECT_EQ(RunProcess(InShell("ulimit -s 256", version)).code, 0);
  }
}

TEST(Surroundings, ALibraryThatFindsNoThreadIsARefusalAndNoInterrupt) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer comes before the check";
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "OpenBLAS starts no thread on one core";
  if (!AnotherUserReachesThePrograms()) GTEST_SKIP() << "user 65534 cannot reach " << Binary("nmn");
  const Outcome outcome = RunProcess(LimitedToProcesses({Binary("nmn"), "version"}, 1));
  EXPECT_EQ(outcome.code, kRetry) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("nmn: a library cannot start its threads"));
}

TEST(Surroundings, TooLittleMemoryIsOneLineAndMayWorkLater) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer reserves the address space";
  const std::vector<std::string> actor = {Binary("nmn-actor"), "--learner=127.0.0.1:1"};
  for (const char* kilobytes : {"100000", "150000"}) {
    ExpectOneLine(RunProcess(InShell(std::string("ulimit -v ") + kilobytes, actor)), kRetry,
                  AllOf(HasSubstr("needs 28"), HasSubstr("ulimit -v")));
  }
  const TemporaryDirectory folder;
  for (const char* kilobytes : {"1000000", "1100000", "1500000", "1700000"}) {
    ExpectOneLine(RunProcess(InShell(std::string("ulimit -v ") + kilobytes,
                                     TinyTrain(folder.path() + "/run", 1, {"--actors=2", "--threads=2"}))),
                  kRetry, AllOf(HasSubstr(kilobytes), HasSubstr("28 threads"), HasSubstr("ulimit -v")));
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/run"));
  const std::vector<std::string> huge =
      TinyTrain(folder.path() + "/run", 1,
                {"--actors=1", "--threads=1", "--set", "env.horizon=100000", "--set", "ppo.episodes_per_update=2600",
                 "--set", "ppo.critic.replay_episodes=2600"});
  const Outcome outcome = RunProcess(InShell("ulimit -v 4000000", huge));
  EXPECT_EQ(outcome.code, kRetry) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("nmn: out of memory"));
}

// A desktop's terminal is no matter either, of which a gnuplot without windows knows nothing.
TEST(Surroundings, WithoutADirectoryForTemporaryFilesARunAndItsFigureAreWhole) {
  const TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  std::vector<std::string> command = TinyTrain(run, 2);
  std::erase(command, "--no_figure");
  const Outcome outcome = RunProcess(command, std::chrono::seconds(120), {"TMPDIR=/nonexistent", "GNUTERM=x11"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("learning curve: " + run));
  EXPECT_TRUE(std::filesystem::exists(run + "/learning_curve.png"));
}

TEST(Surroundings, PathsWithSpacesQuotesCommasAndOtherBytesAreTakenAsTheyAre) {
  const TemporaryDirectory folder;
  for (const std::string& name : {std::string("a b"), std::string("it's \"x\""), std::string("a,b=c"),
                                  std::string("caf\xe9"), std::string("-x"), std::string("$HOME;*")}) {
    SCOPED_TRACE(name);
    const std::string run = folder.path() + "/" + name;
    std::vector<std::string> command = TinyTrain(run, 1);
    std::erase(command, "--no_figure");
    const Outcome outcome = RunProcess(command, std::chrono::seconds(120), {"LC_ALL=C"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(std::filesystem::exists(run + "/learning_curve.png")) << outcome.out;
    EXPECT_EQ(RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run}).code, 0);
  }
}

TEST(Surroundings, WhatATerminalWouldObeyIsWrittenOutInErrorsAndLogs) {
  const TemporaryDirectory folder;
  const std::string odd = folder.path() + "/esc\x1b[31mred\xe9", run = odd + "-run";
  ExpectOneLine(RunProcess({Binary("nmn"), "eval", "--policy=" + odd, "--episodes=2"}), kPermanent,
                AllOf(HasSubstr("esc\\x1b[31mred\\xe9"), Not(HasSubstr("\x1b"))));
  WriteFile(folder.path() + "/config", RunProcess(TinyTrain("unused", 1, {"--print_config"})).out);
  for (const char* format : {"text", "json"}) {
    Subprocess learner({Binary("nmn-learner"), "--config=" + folder.path() + "/config", "--listen=127.0.0.1:0",
                        "--run_dir=" + run + format, std::string("--log_format=") + format},
                       {});
    while (learner.err().find("serving on ") == std::string::npos &&
           !learner.EndsWithin(std::chrono::milliseconds(5))) {
    }
    learner.Signal(SIGTERM);
    EXPECT_EQ(learner.Wait(), kInterrupted);
    EXPECT_THAT(learner.err(), AllOf(HasSubstr("x1b[31mred"), Not(HasSubstr("\x1b")))) << format;
  }
}

TEST(Surroundings, AStderrThatNobodyReadsAnyMoreHoldsUpNoRun) {
  const TemporaryDirectory folder;
  const std::string fifo = folder.path() + "/fifo", run = folder.path() + "/run";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const int reader = open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  const std::string page(4096, 'x');
  while (write(reader, page.data(), page.size()) > 0) {
  }
  const Outcome outcome = RunProcess(InShell("", TinyTrain(run, 4), "2>'" + fifo + "'"));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(UpdatesInMetrics(run).size(), 4u);
  Subprocess stopped(InShell("", TinyTrain(folder.path() + "/long", 100000), "2>'" + fifo + "'"));
  EXPECT_TRUE(WaitForUpdate(stopped, folder.path() + "/long", 1));
  stopped.Signal(SIGTERM);
  EXPECT_EQ(stopped.Wait(), kInterrupted);
  // A sweep, with the line before its first run.
  const std::vector<std::string> sweep = TinySweep(folder.path() + "/sweep", "1", 2, {"--jobs=1"});
  EXPECT_EQ(RunProcess(InShell("", sweep, "2>'" + fifo + "'")).code, 0);
  EXPECT_EQ(UpdatesInMetrics(folder.path() + "/sweep/b1-nmn-s1").size(), 2u);
  close(reader);
}

// `command` started and held back in its start, with the run's directory locked: a disk that is slow.
void ExpectStopWhileStarting(std::vector<std::string> command, const std::string& run, int signal, std::string& again) {
  SCOPED_TRACE(command[0] + " and signal " + std::to_string(signal));
  std::filesystem::remove(run + "/.lock");
  Subprocess process(std::move(command), {"NMN_FAILPOINTS=run.start.locked=delay:3600000"});
  while (!std::filesystem::exists(run + "/.lock") && !process.EndsWithin(std::chrono::milliseconds(5))) {
  }
  process.Signal(signal);
  EXPECT_EQ(process.Wait(), kInterrupted) << process.err();
  const std::string introduction = "start again with: ";
  const size_t found = process.err().find(introduction);
  ASSERT_NE(found, std::string::npos) << process.err();
  again = process.err().substr(found + introduction.size());
}

TEST(Surroundings, ASignalEndsAStartThatBlocksAndSaysHowToStartAgain) {
  const TemporaryDirectory folder;
  const std::string run = folder.path() + "/a run", config = folder.path() + "/config";
  std::string again;
  ExpectStopWhileStarting(TinyTrain(run, 1), run, SIGTERM, again);
  const std::string programs = std::filesystem::path(Binary("nmn")).parent_path();
  const Outcome outcome = RunProcess({"/bin/sh", "-c", "PATH=\"$0:$PATH\"\n" + again, programs});
  EXPECT_EQ(outcome.code, 0) << again << outcome.err;
  EXPECT_EQ(UpdatesInMetrics(run).size(), 1u);
  ExpectStopWhileStarting({Binary("nmn"), "train", "--resume", "--updates=2", "--run_dir=" + run}, run, SIGINT, again);
  WriteFile(config, RunProcess(TinyTrain("unused", 1, {"--print_config"})).out);
  const std::string other = folder.path() + "/other";
  ExpectStopWhileStarting(
      {Binary("nmn-learner"), "--config=" + config, "--listen=127.0.0.1:0", "--run_dir=" + other, "--log_format=text"},
      other, SIGHUP, again);
  EXPECT_THAT(again, HasSubstr("--config=" + config));
}

TEST(Surroundings, OutputThatCannotBeWrittenIsAnErrorWithItsReason) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"nmn", "version"},
           {"nmn", "--help"},
           {"nmn", "train", "--benchmark=b1", "--print_config"},
           {"nmn", "eval", "--benchmark=b1", "--policy=zero", "--episodes=2", "--json"},
           {"nmn", "trace", "--benchmark=b1", "--policy=zero"},
           {"nmn-learner", "--version"},
           {"nmn-actor", "--learner=127.0.0.1:1", "--print_config"}}) {
    std::vector<std::string> command = words;
    command[0] = Binary(words[0]);
    SCOPED_TRACE(words[0] + " " + words[1]);
    ExpectOneLine(RunProcess(InShell("", command, ">/dev/full")), kRetry,
                  HasSubstr("cannot write stdout: No space left on device"));
    ExpectOneLine(RunProcess(InShell("", command, ">&-")), kRetry,
                  HasSubstr("cannot write stdout: Bad file descriptor"));
    EXPECT_EQ(RunProcess(command).code, 0);
  }
}

TEST(Surroundings, AStdoutThatIsFullAndThatNobodyReadsEndsTrainingAllTheSame) {
  const TemporaryDirectory folder;
  const std::string full =
      "mkfifo " + folder.path() + "/pipe\nexec 3<>" + folder.path() + "/pipe\nhead -c 65536 /dev/zero >&3\n";
  const Outcome outcome = RunProcess(InShell(full, TinyTrain(folder.path() + "/run", 1), ">&3"));
  EXPECT_EQ(outcome.code, kRetry) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("nmn: cannot write stdout: nobody reads it\n"));
  EXPECT_EQ(ReadSummary(folder.path() + "/run")["complete"], true);
}

TEST(Surroundings, APipeInThePlaceOfACheckpointsFileIsADamagedCheckpoint) {
  const TemporaryDirectory folder;
  const std::string run = folder.path() + "/run";
  ASSERT_EQ(RunProcess(TinyTrain(run, 4)).code, 0);
  for (const char* name : {"MANIFEST", "weights.safetensors"}) {
    const std::string file = run + "/checkpoints/ckpt-00000004/" + name;
    std::filesystem::remove(file);
    ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
    const Outcome outcome = RunProcess({Binary("nmn"), "train", "--resume", "--run_dir=" + run, "--no_figure"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(std::string(name) + " is a pipe, a socket or a device"));
  }
}

TEST(Surroundings, AReaderOfAFilterThatHasGoneEndsItQuietly) {
  const Outcome outcome = RunProcess(
      {"/bin/bash", "-c",
       R"("$0" trace --benchmark=b1 --policy=zero --episodes=1000 | head -n 1; echo ${PIPESTATUS[0]})", Binary("nmn")});
  EXPECT_THAT(outcome.out, AllOf(StartsWith("episode,t"), EndsWith("\n" + std::to_string(128 + SIGPIPE) + "\n")));
  EXPECT_EQ(outcome.err, "");
}

}  // namespace
}  // namespace nmn::testing
