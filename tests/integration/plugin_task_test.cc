// The example of a task in C, compiled outside of this tree against the installed header alone, from the command line
// of a person to the weights; and what may make a process load code.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/integration/brought_task.h"

namespace nmn::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

bool IsInstalled(const std::string& program) {
  return RunProcess({"/bin/sh", "-c", "command -v " + program + " > /dev/null"}).code == 0;
}

class PluginTask : public BroughtTask {
 protected:
  void SetUp() override { setenv("TASK_TEST_FILE", File().c_str(), 1); }

  std::string Where(const std::string& name) const { return folder_.path() + "/" + name; }

  static void SetUpTestSuite() { made_ = new TemporaryDirectory; }
  static void TearDownTestSuite() { delete std::exchange(made_, nullptr); }

  // The example, made with a compiler, once. "" where that failed, which fails the test.
  static std::string MakeExample(const std::string& compiler) {
    const std::string installed = made_->path() + "/installed", build = made_->path() + "/" + compiler;
    const std::string library = build + "/libhidden_push.so";
    if (std::filesystem::exists(library)) return library;
    for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
             {CMAKE, "--install", BUILD_DIRECTORY, "--component", "nmn-dev", "--prefix", installed},
             {CMAKE, "-S", "examples/plugin", "-B", build, "-DCMAKE_PREFIX_PATH=" + installed,
              "-DCMAKE_C_COMPILER=" + compiler},
             {CMAKE, "--build", build}}) {
      const Outcome outcome = RunProcess(command);
      EXPECT_EQ(outcome.code, 0) << command[1] << outcome.out << outcome.err;
      if (outcome.code != 0) return "";
    }
    EXPECT_THAT(ReadFile(build + "/CMakeCache.txt"), HasSubstr("nmn_DIR:PATH=" + installed + "/share/cmake/nmn\n"));
    return library;
  }
  // The flag of an example that also does `action` in its third step.
  std::string ExampleThatAlso(const std::string& name, const std::string& action) const {
    std::string source = ReadFile("examples/plugin/hidden_push.c");
    const std::string head = "static int step(void *self, nmn_step *step) {", file = Where(name);
    EXPECT_NE(source.find(head), std::string::npos);
    source.insert(source.find(head) + head.size(), " static int n; if (++n == 3) { " + action + " }");
    std::ofstream(file + ".c") << "#include <locale.h>\n#include <stdlib.h>\n#include <unistd.h>\n" << source;
    const Outcome made =
        RunProcess({"/usr/bin/env", "gcc", "-shared", "-fPIC", "-Iinclude", "-o", file + ".so", file + ".c"});
    EXPECT_EQ(made.code, 0) << made.err;
    return "--task_plugin=" + file + ".so";
  }
  // By the compiler that is there in any case.
  static std::vector<std::string> Brings() { return {"--task_plugin=" + MakeExample("gcc")}; }

 private:
  static inline TemporaryDirectory* made_ = nullptr;
};

TEST_F(PluginTask, OnlyWhatATaskNeedsIsInstalledAsComponent) {
  ASSERT_EQ(RunProcess({CMAKE, "--install", BUILD_DIRECTORY, "--component", "nmn-dev", "--prefix", Where("to")}).code,
            0);
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(Where("to"))) {
    const std::string name = std::filesystem::relative(entry.path(), Where("to")).string();
    if (entry.is_regular_file() && !name.starts_with("share/doc/")) files.insert(name);
  }
  EXPECT_THAT(files, ElementsAre("include/nmn/task.h", "share/cmake/nmn/nmn-config-version.cmake",
                                 "share/cmake/nmn/nmn-config.cmake", "share/cmake/nmn/nmn-targets.cmake"));
}

TEST_F(PluginTask, CheckSaysWhatTheExampleIs) {
  const Outcome outcome = Nmn({"task", "check"}, Brings());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("name: \"hidden_push\""), HasSubstr("horizon: 20"), HasSubstr("same bits"),
                                 HasSubstr("task_seed      what the policy is to find out must be drawn from it")));
}

TEST_F(PluginTask, WhoPlaysItReachesNoResult) {
  const std::vector<std::string> brings = Brings();
  const Outcome one = Train(Run(), brings, {"--actors=1", "--threads=1"});
  ASSERT_EQ(one.code, 0) << one.err;
  const std::string hash = WeightsHash(Run());
  EXPECT_EQ(hash.size(), 64);
  const Outcome three = Train(Run() + "-3", brings, {"--actors=3"});
  ASSERT_EQ(three.code, 0) << three.err;
  EXPECT_EQ(WeightsHash(Run() + "-3"), hash);

  Subprocess learner(LearnerCommand(ConfigFile(brings), Run() + "-tcp"));
  const std::string address = AddressOf(learner);
  ASSERT_FALSE(address.empty()) << learner.err();
  const Outcome without = RunProcess(ActorCommand(address, {}));
  EXPECT_EQ(without.code, 42);
  EXPECT_THAT(without.err, HasSubstr("A task of your own needs --task_python=MODULE:FACTORY or --task_plugin=FILE"));
  Subprocess actor(ActorCommand(address, brings));
  EXPECT_EQ(learner.Wait(), 0) << learner.err();
  EXPECT_EQ(actor.Wait(), 0) << actor.err();
  EXPECT_EQ(WeightsHash(Run() + "-tcp"), hash);
}

TEST_F(PluginTask, ClangMakesTheSameTask) {
  if (!IsInstalled("clang")) GTEST_SKIP() << "NO CLANG: apt-get install clang (deploy/debian-lint-packages.txt)";
  const Outcome gcc = Train(Run(), Brings(), {"--actors=1"});
  ASSERT_EQ(gcc.code, 0) << gcc.err;
  const Outcome clang = Train(Run() + "-clang", {"--task_plugin=" + MakeExample("clang")}, {"--actors=1"});
  ASSERT_EQ(clang.code, 0) << clang.err;
  EXPECT_EQ(WeightsHash(Run() + "-clang"), WeightsHash(Run()));
}

TEST_F(PluginTask, ARunIsResumedEvaluatedAndTracedWithTheSameFlag) {
  const std::vector<std::string> brings = Brings();
  ASSERT_EQ(Train(Run(), brings, {"--actors=1"}).code, 0);
  const Outcome without = Nmn({"train", "--resume", "--run_dir=" + Run()}, {});
  EXPECT_EQ(without.code, 42);
  const std::string says =
      Run() + " is of hidden_push, a task of your own; add --task_python=MODULE:FACTORY or --task_plugin=FILE";
  EXPECT_THAT(without.err, HasSubstr("nmn train: " + says));
  for (const char* verb : {"eval", "trace"})
    EXPECT_THAT(Nmn({verb, "--policy=" + Run()}, {}).err, HasSubstr(absl::StrCat("nmn ", verb, ": ", says)));
  std::vector<std::string> more = brings;
  more.push_back("--updates=" + std::to_string(kUpdates + 1));
  const Outcome resumed = Nmn({"train", "--resume", "--no_figure", "--run_dir=" + Run()}, more);
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  const Outcome evaluated = Nmn({"eval", "--policy=" + Run(), "--episodes=20"}, brings);
  EXPECT_EQ(evaluated.code, 0) << evaluated.err;
  EXPECT_THAT(evaluated.out, HasSubstr("trial last"));
  const Outcome traced = Nmn({"trace", "--policy=" + Run(), "--episodes=2", "--out=" + Where("trace")}, brings);
  EXPECT_EQ(traced.code, 0) << traced.err;
  const std::vector<std::string> report = {"report", Run(), "--adaptation", "--adaptation_episodes=10"};
  EXPECT_THAT(Nmn(report, {}).err, HasSubstr("is not played for --adaptation: " + says));
  const Outcome reported = Nmn(report, brings);
  EXPECT_EQ(reported.code, 0) << reported.err;
  EXPECT_THAT(reported.err, Not(HasSubstr("is not played")));
}

// Each is one line, before a run directory is made.
TEST_F(PluginTask, WhatCannotWorkIsRefused) {
  const std::vector<std::string> brings = Brings();
  const std::string config = ConfigFile(brings);
  const auto refusal = [&](const std::vector<std::string>& flags) {
    const Outcome outcome = Nmn({"train", "--no_figure", "--run_dir=" + Run()}, flags);
    EXPECT_EQ(outcome.code, 42) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(Run()));
    return outcome.err;
  };
  EXPECT_THAT(refusal({"--task_plugin=" + Where("none.so")}), HasSubstr("none.so: it cannot be found"));
  EXPECT_THAT(refusal({brings[0], "--task=b1"}), HasSubstr("both name a task; give one of them"));
  EXPECT_THAT(refusal({brings[0], "--task_python=a:b"}), HasSubstr("both name a task; give one of them"));
  EXPECT_THAT(refusal({brings[0], "--python=python3"}), HasSubstr("--task_python names none"));
  // What the environment says is for every command of a shell.
  EXPECT_EQ(RunProcess({Binary("nmn"), "train", "--print_config", brings[0]}, std::chrono::seconds(60),
                       {"NMN_PYTHON=python3", "NMN_PYTHON_WORKERS=2"})
                .code,
            0);
  // A flag counts, and no variable that names another task.
  const auto planned = [&](const std::string& flag, const std::string& variable) {
    return RunProcess({Binary("nmn"), "train", "--print_config", flag}, std::chrono::seconds(60), {variable}).out;
  };
  EXPECT_THAT(planned("--task=b1", "NMN_TASK_PLUGIN=" + Where("none.so")), HasSubstr("benchmark: \"b1\""));
  EXPECT_THAT(planned("--task=b1", "NMN_TASK_PYTHON=a:b"), HasSubstr("benchmark: \"b1\""));
  EXPECT_THAT(planned(brings[0], "NMN_TASK=b1"), HasSubstr("benchmark: \"hidden_push\""));
  // Nor is a flag taken for a variable of the same value.
  EXPECT_THAT(RunProcess({Binary("nmn"), "train", "--print_config", brings[0], "--task=b1"}, std::chrono::seconds(60),
                         {"NMN_TASK=b1"})
                  .err,
              HasSubstr("both name a task; give one of them"));
  std::ofstream(Where("b1.textproto")) << Nmn({"train", "--print_config", "--task=b1"}, {}).out;
  EXPECT_THAT(refusal({brings[0], "--config=" + Where("b1.textproto")}),
              HasSubstr("is of task b1, and " + brings[0] + " brings hidden_push"));
  const Outcome same = Nmn({"train", "--no_figure", "--run_dir=" + Run()}, {brings[0], "--config=" + config});
  EXPECT_EQ(same.code, 0) << same.err;
}

// A sweep's file says what the task is, so that its runs are known to everybody; what brings its code is said again.
// exit(0) would say that all is done.
TEST_F(PluginTask, ThatCallsExitEndsTheProgramWithALineAndNotAsIfAllWereDone) {
  const std::string quick = ExampleThatAlso("quick", "quick_exit(0);");
  const Outcome ended = Nmn({"eval", "--policy=random", "--episodes=10", "--json"}, {quick});
  EXPECT_EQ(ended.code, 42);
  EXPECT_THAT(ended.err, HasSubstr("the plug-in of --task_plugin called exit()"));
  const std::string brings = ExampleThatAlso("exits", "exit(0);");
  for (const std::vector<std::string>& verb :
       std::vector<std::vector<std::string>>{{"task", "check"},
                                             {"eval", "--policy=random", "--episodes=10", "--json"},
                                             {"train", "--no_figure", "--updates=1", "--run_dir=" + Run()}}) {
    const Outcome outcome = Nmn(verb, {brings});
    EXPECT_EQ(outcome.code, 42) << verb[0];
    EXPECT_THAT(outcome.err, HasSubstr("the plug-in of --task_plugin called exit()")) << verb[0];
  }
}

// A library that it uses may do so, e.g. setlocale(LC_ALL, "") of a user in Germany.
TEST_F(PluginTask, ThatChangesLocaleAndWorkingDirectoryChangesNoFileOfOurs) {
  // Debian's minimum has no locale with a comma: one is compiled from what package locales has, where that is there.
  const std::string locales = Where("locales");
  std::filesystem::create_directories(locales);
  const bool comma =
      RunProcess({"/usr/bin/env", "localedef", "-i", "de_DE", "-f", "UTF-8", locales + "/de_DE.UTF-8"}).code == 0;
  if (comma) setenv("LOCPATH", locales.c_str(), 1);
  const std::string odd = ExampleThatAlso("odd", "setlocale(LC_ALL, \"de_DE.UTF-8\"); chdir(\"/\");");
  const auto trace = [&](const std::string& plugin) {
    const Outcome outcome = RunProcess({"/usr/bin/env", "-C", folder_.path(), Binary("nmn"), "trace", plugin,
                                        "--policy=random", "--episodes=2", "--seed=3", "--csv=trace.csv"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return ReadFile(Where("trace.csv"));
  };
  const std::string plain = trace(Brings()[0]);
  std::filesystem::remove(Where("trace.csv"));
  EXPECT_EQ(trace(odd), plain);
  EXPECT_THAT(plain, HasSubstr("."));
  unsetenv("LOCPATH");
  if (!comma) GTEST_SKIP() << "NO LOCALE de_DE: apt-get install locales; the working directory alone was tried";
}

TEST_F(PluginTask, ASweepPlaysItAndNeedsItsFlagInEachCall) {
  const std::vector<std::string> brings = Brings();
  const std::string sweep = Where("sweep"), file = sweep + "/sweep.json";
  ASSERT_EQ(Train(Run(), brings, {"--actors=1"}).code, 0);
  const Outcome outcome = Nmn({"sweep", sweep, "--jobs=1"}, Flags(brings, "--seeds=7"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(WeightsHash(sweep + "/hidden_push-nmn-s7"), WeightsHash(Run()));
  EXPECT_THAT(ReadFile(file), AllOf(HasSubstr("observation_size: "), Not(HasSubstr("libhidden_push"))));
  const Outcome status = Nmn({"sweep", "status", sweep}, {});
  EXPECT_EQ(status.code, 0) << status.err;
  EXPECT_THAT(status.out, HasSubstr("hidden_push-nmn-s7"));
  const Outcome without = Nmn({"sweep", sweep, "--seeds=7,8"}, {});
  EXPECT_EQ(without.code, 42);
  EXPECT_THAT(without.err,
              HasSubstr("is of hidden_push, a task of your own; give --task_python or --task_plugin again"));
  const Outcome grown = Nmn({"sweep", sweep, "--seeds=7,8"}, brings);
  EXPECT_EQ(grown.code, 0) << grown.err;
  EXPECT_THAT(grown.out, HasSubstr("2/2 runs done"));

  WriteFile(file, absl::StrReplaceAll(ReadFile(file), {{"version: 1", "version: 2"}}));
  const Outcome other = Nmn({"sweep", sweep}, brings);
  EXPECT_EQ(other.code, 42);
  EXPECT_THAT(other.err, AllOf(HasSubstr("the task {"), HasSubstr("} instead of {")));
}

// Whatever a config, a run directory or a learner calls its task: a library that the loader would find, or a module
// that Python would.
TEST_F(PluginTask, NothingButItsOwnCommandLineMakesAProcessLoadCode) {
  const std::vector<std::string> brings = Brings();
  const std::string config = ConfigFile(brings);
  ASSERT_EQ(Train(Run(), brings, {"--actors=1"}).code, 0);
  ASSERT_EQ(Nmn({"sweep", Where("first"), "--engine=kubernetes"}, Flags(brings, "--seeds=7")).code, 0);
  const std::string sweep_json =
      absl::StrReplaceAll(ReadFile(Where("first") + "/sweep.json"), {{"kubernetes", "local"}});
  std::filesystem::copy_file(MARKING_LIBRARY, Where("marks.so"));
  const std::vector<std::string> environment = {"LD_LIBRARY_PATH=" + folder_.path(), "PYTHONPATH=tests/unit/bridge"};
  const auto try_all = [&](const std::string& name) {
    const auto renamed = [&](const std::string& text) { return absl::StrReplaceAll(text, {{"hidden_push", name}}); };
    const std::string other = Where("other.textproto");
    WriteFile(other, renamed(ReadFile(config)));
    const std::string run = Where("copied");
    std::filesystem::remove_all(run);
    std::filesystem::copy(Run(), run, std::filesystem::copy_options::recursive);
    WriteFile(run + "/config.textproto", renamed(ReadFile(run + "/config.textproto")));
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"train", "--config=" + other, "--run_dir=" + Where("new")},
                                               {"train", "--resume", "--run_dir=" + run},
                                               {"eval", "--policy=" + run},
                                               {"trace", "--policy=" + run, "--out=" + Where("trace")},
                                               {"task", "check", "--task=" + name}}) {
      const Outcome outcome = RunProcess(Command(arguments, {}), std::chrono::seconds(120), environment);
      EXPECT_EQ(outcome.code, 42) << arguments[0] << outcome.err;
    }
    const std::string sweep = Where("sweep");
    std::filesystem::remove_all(sweep);
    std::filesystem::create_directories(sweep);
    WriteFile(sweep + "/sweep.json", renamed(sweep_json));
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"sweep", sweep}, {"sweep", "status", sweep}}) {
      const Outcome outcome = RunProcess(Command(arguments, {}), std::chrono::seconds(120), environment);
      EXPECT_EQ(outcome.code, arguments.size() == 2 ? 42 : outcome.code) << outcome.err;
    }
    Subprocess learner(LearnerCommand(other, Where("new")), environment);
    if (const std::string address = AddressOf(learner); !address.empty()) {
      const Outcome actor = RunProcess(ActorCommand(address, {}), std::chrono::seconds(120), environment);
      EXPECT_EQ(actor.code, 42) << actor.err;
    }
    std::filesystem::remove_all(Where("new"));
  };
  try_all("marks.so");
  try_all(Where("marks.so"));
  try_all("marks.Env");
  EXPECT_EQ(ReadFile(File()), "") << "code was loaded";

  EXPECT_EQ(Nmn({"task", "check"}, {"--task_plugin=" + Where("marks.so")}).code, 42);
  EXPECT_EQ(ReadFile(File()), "loaded\n") << "the library that was tried says nothing";
}

}  // namespace
}  // namespace nmn::testing
