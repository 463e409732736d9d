// nmn report as a real process.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/cli/run_fixture.h"

namespace nmn::cli {
namespace {

using ::nmn::testing::Outcome;
using ::nmn::testing::ReadFile;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

Outcome Report(std::vector<std::string> arguments, std::vector<std::string> environment = {}) {
  arguments.insert(arguments.begin(), {nmn::testing::Binary("nmn"), "report"});
  return nmn::testing::RunProcess(std::move(arguments), std::chrono::seconds(60), std::move(environment));
}

size_t Count(const std::string& text, const std::string& words) {
  size_t count = 0;
  for (size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
  return count;
}

TEST(NmnReport, WithoutGnuplotHasEverythingButTheFiguresAndSaysSoOnce) {
  nmn::testing::TemporaryDirectory folder;
  const std::string a = MakeRun(folder, "a", 1, 4, 0), out = folder.path() + "/out";
  nmn::testing::WriteFile(a + "/summary.json",
                          "{\"updates\": 2, \"wall_seconds\": 2, \"phase_seconds\": {\"policy\": 1}}");
  const Outcome outcome =
      Report({a, "--out=" + out, "--adaptation", "--adaptation_episodes=0"}, {"PATH=" + folder.path()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(Count(outcome.err, "apt-get install gnuplot-nox"), 1u) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("means over all 4 episodes\n"));
  EXPECT_EQ(Count(outcome.err, "shorter than --smooth=1000"), 1u) << outcome.err;
  EXPECT_EQ(Count(outcome.err, "knows the task (discounted 4697, raw 14000) is not drawn"), 1u) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("first reached"));
  EXPECT_THAT(outcome.out, HasSubstr("time of an update"));
  for (const char* name : {"learning_curve", "adaptation", "until", "until_median", "phases"}) {
    EXPECT_NE(ReadFile(out + "/" + name + ".csv"), "") << name;
    EXPECT_FALSE(std::filesystem::exists(out + "/" + name + ".svg")) << name;
  }
}

TEST(NmnReport, WithNoFiguresDrawsNone) {
  nmn::testing::TemporaryDirectory folder;
  const std::string a = MakeRun(folder, "a", 1, 4, 0), out = folder.path() + "/out";
  const Outcome outcome = Report({a, "--out=" + out, "--no_figures", "--adaptation", "--adaptation_episodes=0"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("{learning_curve,until,until_median,adaptation}.csv\n"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("is not drawn")));
  EXPECT_THAT(outcome.out, HasSubstr("first reached"));
  for (const auto& entry : std::filesystem::directory_iterator(out)) EXPECT_EQ(entry.path().extension(), ".csv");
}

TEST(NmnReport, ItsTableHasTheLastEvaluationOfEachRunThatHasOne) {
  nmn::testing::TemporaryDirectory folder;
  const std::string a = MakeRun(folder, "a", 1, 4, 0), b = MakeRun(folder, "b", 2, 4, 0), out = folder.path() + "/out";
  EXPECT_THAT(Report({a, b, "--out=" + out}).out, Not(HasSubstr("evaluated")));
  nmn::testing::WriteFile(a + "/metrics.jsonl",
                          "{\"update\": 1, \"evaluation\": {\"return_mean\": 7, \"discounted_mean\": 6}}\n"
                          "{\"update\": 2, \"evaluation\": {\"return_mean\": 9, \"discounted_mean\": 8.25}}\n");
  const Outcome outcome = Report({a, b, "--out=" + out});
  EXPECT_THAT(outcome.out, ContainsRegex("discounted +evaluated +wall s"));
  EXPECT_THAT(outcome.out, ContainsRegex(a + " +4 +1\\.50 +0\\.75 +8\\.25 +12\\.5"));
  EXPECT_THAT(outcome.out, ContainsRegex(b + " +4 +1\\.50 +0\\.75 +- +12\\.5"));
  EXPECT_THAT(outcome.err, HasSubstr("{learning_curve,evaluations,until"));
}

TEST(NmnReport, NeedsNoFolderForTemporaryFiles) {
  nmn::testing::TemporaryDirectory folder;
  const Outcome outcome =
      Report({MakeRun(folder, "a", 1, 4, 0), "--out=" + folder.path() + "/out"}, {"TMPDIR=/nonexistent"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, EndsWith(" and {learning_curve,learning_curve_raw}.{svg,png}\n"));
  EXPECT_NE(ReadFile(folder.path() + "/out/learning_curve.svg"), "");
}

TEST(NmnReport, NeitherSettingsOfThePersonNorProgramsBesideTheFigureAreHeard) {
  nmn::testing::TemporaryDirectory folder;
  const std::string out = folder.path() + "/out", caught = folder.path() + "/caught";
  std::filesystem::create_directories(out);
  nmn::testing::WriteFile(folder.path() + "/.gnuplot", "set logscale y\n");
  nmn::testing::WriteFile(out + "/gnuplot", "#!/bin/sh\ntouch " + caught + "\n");
  std::filesystem::permissions(out + "/gnuplot", std::filesystem::perms::owner_all);
  const Outcome outcome = Report({MakeRun(folder, "a", 1, 4, -10), "--out=" + out},
                                 {"HOME=" + folder.path(), "PATH=:/usr/local/bin:/usr/bin:/bin"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(ReadFile(out + "/learning_curve.svg"), "");
  EXPECT_FALSE(std::filesystem::exists(caught));
}

TEST(NmnReport, CountsARunOnceAndSaysWhatItLeavesOut) {
  nmn::testing::TemporaryDirectory folder;
  const std::string a = MakeRun(folder, "runs/a", 1, 4, 0), b = MakeRun(folder, "runs/b", 2, 8, 10),
                    empty = MakeRun(folder, "runs/empty", 3, 0, 0);
  std::filesystem::copy(a, folder.path() + "/copy", std::filesystem::copy_options::recursive);
  const std::string out = folder.path() + "/out";
  const Outcome outcome =
      Report({folder.path() + "/runs", a, folder.path() + "/copy", "--out=" + out, "--format=pdf,pdf"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("nmn report: " + a + " was named twice: counted once\n"));
  EXPECT_THAT(outcome.err, HasSubstr("/copy is a copy of " + a));
  EXPECT_THAT(outcome.err, HasSubstr("no episode yet: " + empty));
  EXPECT_THAT(outcome.err, HasSubstr("the shortest run, " + a + ", has 4 episodes"));
  const std::string csv = ReadFile(out + "/learning_curve.csv");
  EXPECT_THAT(csv, HasSubstr("\"NMN, reference, 2 seeds\",NMN,reference,2,4,"));
  EXPECT_THAT(csv, Not(HasSubstr(",6,")));
  EXPECT_NE(ReadFile(out + "/learning_curve.pdf"), "");
  EXPECT_FALSE(std::filesystem::exists(out + "/learning_curve.svg"));
  EXPECT_THAT(outcome.err,
              EndsWith("{learning_curve,until,until_median}.csv and {learning_curve,learning_curve_raw}.pdf\n"));
  ASSERT_EQ(Report({folder.path() + "/runs", "--go_on", "--out=" + out}).code, 0);
  EXPECT_THAT(ReadFile(out + "/learning_curve.csv"), HasSubstr("\"NMN, reference, 2 seeds\",NMN,reference,1,8,"));
}

TEST(NmnReport, AblationsHaveNamesAndColumnsOfTheirOwn) {
  nmn::testing::TemporaryDirectory folder;
  const std::string a = MakeRun(folder, "a", 1, 4, 0, "b1", "trace_decay: 0.9"),
                    b = MakeRun(folder, "b", 1, 4, 5, "b1", "trace_decay: 0.95"), out = folder.path() + "/out";
  const Outcome outcome = Report({a, b, "--out=" + out});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("NMN, reference, trace_decay=0.95, seed 1\n"));
  for (const char* name : {"learning_curve", "until", "until_median"}) {
    const std::string csv = ReadFile(out + "/" + name + ".csv");
    EXPECT_THAT(csv.substr(0, csv.find('\n')), HasSubstr(",arch,preset,ppo.trace_decay,")) << name;
    EXPECT_THAT(csv, HasSubstr(",NMN,reference,0.9,")) << name;
    EXPECT_THAT(csv, HasSubstr(",NMN,reference,0.95,")) << name;
  }
}

TEST(NmnReport, SaysInOneLineWhatCannotBe) {
  nmn::testing::TemporaryDirectory folder;
  const std::string a = MakeRun(folder, "a", 1, 4, 0), empty = MakeRun(folder, "empty", 1, 0, 0);
  nmn::testing::WriteFile(folder.path() + "/file", "");
  for (const auto& [arguments, words] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{empty}, "no episode yet; wait for the first update"},
           {{a, folder.path() + "/nowhere"},
            "nmn report: " + folder.path() + "/nowhere does not exist; name the directory"},
           {{folder.path() + "/file"}, "/file is no run directory but a file; name the directory"},
           {{a, "--size=big"}, "--size is \"big\""},
           {{a, "--y_range=3"}, "--y_range is \"3\""},
           {{a, "--format=bmp"}, "--format"},
           {{a, "--average=median"}, "--average"},
           {{a, "--smooth=0"}, "--smooth"},
           {{a, "--out=curve.PDF"}, "--out=curve.PDF: it must name a folder, into which several files go"},
           {{a, "--out=-"}, "--out=-: it must name a folder"},
           {{a, "--out=" + folder.path() + "/file/x"},
            "cannot create directory " + folder.path() + "/file: Not a directory"}}) {
    const Outcome outcome = Report(arguments);
    EXPECT_EQ(outcome.code, 42) << words;
    EXPECT_EQ(outcome.out, "") << words;
    EXPECT_THAT(outcome.err, HasSubstr(words));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
}

TEST(NmnReport, GoesIntoAFolderOfAnyNameThatIsThere) {
  nmn::testing::TemporaryDirectory folder;
  const std::string a = MakeRun(folder, "a", 1, 4, 0), out = folder.path() + "/today.json";
  std::filesystem::create_directory(out);
  const Outcome outcome = Report({a, "--no_figures", "--out=" + out});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(std::filesystem::exists(out + "/until.csv"));
}

// What --help says of --until in brackets, docs/cli.md says too.
TEST(NmnReport, ThePageNamesTheThresholdsThatHelpNames) {
  std::string help = Report({"--help"}).out;
  help.erase(0, help.find("--until"));
  const size_t begin = help.find('['), end = help.find(']', begin);
  ASSERT_NE(end, std::string::npos) << help;
  std::istringstream words(help.substr(begin + 1, end - begin - 1));
  std::string usual;
  for (std::string word; words >> word;) usual += (usual.empty() ? "" : " ") + word;
  EXPECT_THAT(ReadFile("docs/cli.md"), HasSubstr("The default is " + usual + " |"));
}

// gnuplot takes names that begin with "|" or "<" for commands of the shell, and "~" for a home.
TEST(NmnReport, DrawsIntoFoldersOfAnyName) {
  nmn::testing::TemporaryDirectory folder;
  const std::string nmn = std::filesystem::absolute(nmn::testing::Binary("nmn"));
  for (const char* name : {"|touch caught;", "<touch caught;", "~", "new\nline", "it's"}) {
    SCOPED_TRACE(name);
    const std::string run = folder.path() + "/" + name;
    std::filesystem::rename(MakeRun(folder, "run", 1, 4, 0), run);
    const Outcome outcome = nmn::testing::RunProcess(
        {"/bin/sh", "-c", "cd \"$1\" && exec \"$2\" report \"$3\"", "sh", folder.path(), nmn, name});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NE(ReadFile(run + "/learning_curve.svg"), "");
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/caught"));
}

}  // namespace
}  // namespace nmn::cli
