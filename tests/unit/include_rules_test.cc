// Every #include of the source tree against cmake/include_rules.txt.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/subprocess.h"

namespace nmn {
namespace {

using ::testing::IsEmpty;

struct Include {
  std::string file;
  std::string header;
};

std::string FolderOf(const std::string& file) { return std::filesystem::path(file).parent_path().string(); }

bool Matches(const std::string& pattern, const std::string& folder) {
  if (!pattern.ends_with("/*")) return pattern == folder;
  return folder.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool MatchesAny(const std::vector<std::string>& patterns, const std::string& folder) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& p) { return Matches(p, folder); });
}

struct Rules {
  std::vector<std::pair<std::string, std::vector<std::string>>> may_include;  // folder, patterns
  std::vector<std::string> together, torch, never;

  const std::vector<std::string>* Of(const std::string& folder) const {
    for (const auto& [pattern, patterns] : may_include) {
      if (Matches(pattern, folder)) return &patterns;
    }
    return nullptr;
  }
  bool Allow(const Include& include) const {
    const std::string from = FolderOf(include.file), to = FolderOf(include.header);
    const std::vector<std::string>* patterns = Of(from);
    return patterns != nullptr && (from == to || MatchesAny(*patterns, to));
  }
};

Rules ParseRules(const std::string& text) {
  Rules rules;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first;
    if (!(words >> first) || first[0] == '#') continue;
    first.pop_back();  // the colon
    std::vector<std::string> rest;
    for (std::string word; words >> word;) rest.push_back(word);
    if (first == "together") {
      rules.together = rest;
    } else if (first == "torch") {
      rules.torch = rest;
    } else if (first == "never") {
      rules.never = rest;
    } else {
      rules.may_include.emplace_back(first, rest);
    }
  }
  return rules;
}

// Of the folders with our own code.
std::vector<Include> AllIncludes() {
  std::vector<Include> includes;
  for (const char* root : {"common", "bridge", "actor", "learner", "cli"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cc") continue;
      std::istringstream lines(testing::ReadFile(entry.path().string()));
      for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("#include ")) continue;
        const size_t begin = line.find_first_of("\"<") + 1;
        includes.push_back({entry.path().string(), line.substr(begin, line.find_first_of("\">", begin) - begin)});
      }
    }
  }
  return includes;
}

bool IsOurs(const std::string& header) {
  for (const char* root : {"common/", "bridge/", "actor/", "learner/", "cli/"}) {
    if (header.starts_with(root)) return true;
  }
  return false;
}

bool IsTorch(const std::string& header) {
  for (const char* root : {"ATen/", "c10/", "torch/"}) {
    if (header.starts_with(root)) return true;
  }
  return false;
}

std::vector<std::string> Violations(const Rules& rules, const std::vector<Include>& includes) {
  std::vector<std::string> violations;
  for (const Include& include : includes) {
    const bool allowed = IsOurs(include.header) ? rules.Allow(include)
                         : IsTorch(include.header)
                             ? MatchesAny(rules.torch, include.file) || MatchesAny(rules.torch, FolderOf(include.file))
                             : !MatchesAny(rules.never, include.header);
    if (!allowed) violations.push_back(include.file + " includes " + include.header);
  }
  return violations;
}

using Graph = std::map<std::string, std::set<std::string>>;

// A folder is on a circle if it is reached from one that it includes. `together` count as one.
std::vector<std::string> FoldersOnCircles(const Rules& rules, const std::vector<Include>& includes) {
  const auto name = [&](const std::string& folder) {
    return MatchesAny(rules.together, folder) ? std::string("together") : folder;
  };
  Graph graph;
  for (const Include& include : includes) {
    const std::string from = name(FolderOf(include.file)), to = name(FolderOf(include.header));
    if (IsOurs(include.header) && from != to) graph[from].insert(to);
  }
  for (bool grown = true; grown;) {
    grown = false;
    for (auto& [from, reached] : graph) {
      const std::set<std::string> before = reached;
      for (const std::string& next : before) {
        if (const auto found = graph.find(next); found != graph.end())
          reached.insert(found->second.begin(), found->second.end());
      }
      grown = grown || reached.size() != before.size();
    }
  }
  std::vector<std::string> circles;
  for (const auto& [from, reached] : graph) {
    if (reached.contains(from)) circles.push_back(from);
  }
  return circles;
}

TEST(IncludeRules, EveryIncludeIsAllowed) {
  const std::vector<Include> includes = AllIncludes();
  ASSERT_GT(includes.size(), 1000u);
  EXPECT_THAT(Violations(ParseRules(testing::ReadFile("cmake/include_rules.txt")), includes), IsEmpty());
}

TEST(IncludeRules, NoFoldersIncludeEachOther) {
  EXPECT_THAT(FoldersOnCircles(ParseRules(testing::ReadFile("cmake/include_rules.txt")), AllIncludes()), IsEmpty());
}

TEST(IncludeRules, WhatIsNotAllowedIsFound) {
  const Rules rules = ParseRules("# words\na: common/*\ncommon/*: common/*\n\ntorch: a/b.cc\nnever: regex\n");
  EXPECT_THAT(
      Violations(
          rules,
          {{"a/x.h", "common/y/z.h"}, {"a/x.h", "a/w.h"}, {"a/b.cc", "ATen/ATen.h"}, {"a/x.h", "gtest/gtest.h"}}),
      IsEmpty());
  EXPECT_THAT(Violations(rules, {{"a/x.h", "actor/y.h"},
                                 {"common/y/z.h", "cli/x.h"},
                                 {"actor/x.h", "common/y/z.h"},  // a folder without a rule
                                 {"a/x.h", "ATen/ATen.h"},
                                 {"a/b.cc", "regex"}}),
              ::testing::SizeIs(5));
}

TEST(IncludeRules, ACircleIsFound) {
  const std::vector<Include> circle = {
      {"common/a/x.h", "common/b/x.h"}, {"common/b/x.h", "common/c/x.h"}, {"common/c/x.h", "common/a/y.h"}};
  EXPECT_THAT(FoldersOnCircles(ParseRules(""), circle), ::testing::ElementsAre("common/a", "common/b", "common/c"));
  EXPECT_THAT(FoldersOnCircles(ParseRules("together: common/b common/c common/a"), circle), IsEmpty());
  EXPECT_THAT(FoldersOnCircles(ParseRules(""), {{"common/a/x.h", "common/b/x.h"}}), IsEmpty());
}

}  // namespace
}  // namespace nmn
