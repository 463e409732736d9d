#include "common/flags/command.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

namespace nmn::flags {
namespace {

// What a shell makes of a word.
std::string AShellReads(const std::string& word) {
  std::string text;
  std::FILE* shell = popen(("printf %s " + word).c_str(), "r");
  std::array<char, 256> bytes;
  while (const size_t got = std::fread(bytes.data(), 1, bytes.size(), shell)) text.append(bytes.data(), got);
  pclose(shell);
  return text;
}

TEST(ShellQuoted, IsReadBackAsItWas) {
  for (const std::string word : {"runs/b1", "my runs", "it's", "$HOME", "a;b", "`id`", "a\"b", "*", "~x", "a\\b", "",
                                 "\xE9", "a\nb", "#x", "a&b|c>d", "lat\xE9 100% 'x' \\n", "esc\x1b[31m", "z\n"})
    EXPECT_EQ(AShellReads(ShellQuoted(word)), word);
}

TEST(ShellQuoted, HoldsNothingThatALogOrATerminalWouldChange) {
  EXPECT_EQ(ShellQuoted("lat\xE9"), "\"$(printf 'lat\\351')\"");
  EXPECT_EQ(ShellQuoted("esc\x1b[31m"), "\"$(printf 'esc\\033[31m')\"");
  EXPECT_EQ(ShellQuoted("caf\xC3\xA9"), "'caf\xC3\xA9'");
}

TEST(ShellQuoted, LeavesPlainWordsAlone) {
  EXPECT_EQ(ShellQuoted("runs/b1-nmn-fast-s1.2"), "runs/b1-nmn-fast-s1.2");
  EXPECT_EQ(ShellQuoted("my run"), "'my run'");
}

// A program that PATH finds needs no path; this one was called by its own.
TEST(CalledAs, IsThePathByWhichTheProgramWasCalled) {
  EXPECT_EQ(CalledAs("nmn"), "nmn");
  const std::string path = program_invocation_name;
  EXPECT_EQ(CalledAs(path.substr(path.rfind('/') + 1)), path.find('/') == std::string::npos ? path : ShellQuoted(path));
}

TEST(CommandAgain, HasWhatWasGivenButForWhatIsStored) {
  CLI::App app("", "nmn");
  CLI::App* verb = app.add_subcommand("train", "");
  std::string metrics, run_dir, device;
  std::vector<std::string> set;
  bool insecure = false, event_log = false, resume = false;
  uint64_t seed = 0;
  verb->add_option("--metrics", metrics);
  verb->add_option("--run_dir", run_dir);
  verb->add_option("--device", device);
  verb->add_option("--seed", seed);
  verb->add_option("--set", set);
  verb->add_flag("--insecure", insecure);
  verb->add_flag("--event_log", event_log);
  verb->add_flag("--resume", resume);
  app.parse("train --seed=3 --metrics=off --set a=1 --set b=2 --insecure --event_log=false --run_dir=x", false);
  EXPECT_EQ(CommandAgain(*verb, {"--resume", "--run_dir=my run"}, {"seed", "run_dir", "resume"}),
            "nmn train --resume --run_dir='my run' --metrics=off --set=a=1 --set=b=2 --insecure");
}

}  // namespace
}  // namespace nmn::flags
