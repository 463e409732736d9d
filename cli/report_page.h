#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/report/adaptation.h"
#include "cli/report/learning_curve.h"

namespace nmn::cli {

// What is played for a report's page: of so many curves the first run, so many episodes, and of each so many steps.
struct ReplayLimits {
  size_t runs = 4;
  uint32_t episodes = 3;
  uint32_t steps = 2000;
};

// The report as one file for a browser, which needs nothing else: curves, tables, configs, and episodes that its
// policies play. A run that cannot be played is a sentence in `notices`.
// `adaptation`: what was played for it, or null.
std::string ReportPage(const report::LearningCurve& curve, const report::Adaptation* adaptation,
                       const ReplayLimits& limits, std::vector<std::string>& notices);

}  // namespace nmn::cli
