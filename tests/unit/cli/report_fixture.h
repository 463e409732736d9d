#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/report/run.h"

namespace nmn::report {

using TrainingRun = Run;  // "Run" alone is a member of testing::Test
using Runs = std::vector<Run>;

// The run directories `paths`, each of which must be one.
inline Runs ReadRuns(const std::vector<std::string>& paths) {
  Runs runs;
  for (const std::string& path : paths) {
    absl::StatusOr<TrainingRun> run = ReadRun(path);
    EXPECT_TRUE(run.ok()) << run.status();
    if (run.ok()) runs.push_back(*std::move(run));
  }
  return runs;
}

}  // namespace nmn::report
