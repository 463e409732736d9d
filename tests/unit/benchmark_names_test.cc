// A benchmark's name is spelled in its own source; all else asks the registry, so that one more benchmark is one more
// source and its presets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "common/env/environment.h"
#include "tests/support/subprocess.h"

namespace nmn {
namespace {

using ::testing::ElementsAre;

// "file: name" for every name that stands as a whole string, outside comments.
std::vector<std::string> Spelled(const std::string& file, const std::string& text) {
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::string code = line.substr(0, line.find("//"));
    for (const std::string& name : env::TaskNames()) {
      if (code.find('"' + name + '"') != std::string::npos) found.push_back(file + ": " + name);
    }
  }
  return found;
}

TEST(BenchmarkNames, AreSpelledInTheirOwnSourcesOnly) {
  std::vector<std::string> found;
  for (const char* root : {"common", "actor", "learner", "cli"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".cc" && extension != ".h") continue;
      for (const std::string& line : Spelled(entry.path().string(), testing::ReadFile(entry.path().string())))
        found.push_back(line);
    }
  }
  for (const std::string& name : env::TaskNames()) {
    const auto is_its = [&](const std::string& line) { return line.ends_with(": " + name); };
    EXPECT_EQ(std::count_if(found.begin(), found.end(), is_its), 1) << name;
  }
  EXPECT_THAT(found, ::testing::Each(::testing::StartsWith("common/env/")));
}

TEST(BenchmarkNames, AreFoundWhereTheyStand) {
  EXPECT_THAT(Spelled("x.cc", "if (name == \"b2\") // \"b1\"\n"), ElementsAre("x.cc: b2"));
}

TEST(BenchmarkNames, ListForPeople) {
  const std::string last = env::TaskNames().back();
  EXPECT_THAT(env::ListOfTasks(),
              ::testing::AllOf(::testing::StartsWith("b1, b2, b3"), ::testing::EndsWith(" or " + last)));
  EXPECT_THAT(env::ListOfTasks(true),
              ::testing::AllOf(::testing::StartsWith("b1 (moving target), b2 (windy navigation), b3 (two targets)"),
                               ::testing::EndsWith(" or " + last + " (" + env::FindSpec(last)->title + ")")));
}

}  // namespace
}  // namespace nmn
