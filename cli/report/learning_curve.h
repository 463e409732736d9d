#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/report/bound.h"
#include "cli/report/curves.h"

namespace nmn::report {

// Learning curves: discounted return against episodes, and the raw return likewise.
struct LearningCurve {
  std::vector<Run> runs;
  Grouping grouping;
  Options options;
  std::vector<Curve> curves;       // one a group
  std::vector<Curve> evaluations;  // likewise; empty if the policy was not evaluated while training
  std::optional<Bound> bound = std::nullopt;

  bool HasEvaluations() const;
};
// The bound is the known one.
LearningCurve MakeLearningCurve(const std::vector<Run>& runs, const Options& options);

// learning_curve.csv and, where there are any, evaluations.csv: the numbers behind the figures. `out` exists
// (PrepareOutput).
absl::Status WriteLearningCurve(const LearningCurve& curve, const std::string& out);

// A sentence if a figure leaves out the line of a policy that knows the task, because it would squash the curves.
std::optional<std::string> OracleNotice(const LearningCurve& curve);

// Draws learning_curve.* (discounted) and learning_curve_raw.*. The dotted line is the bound. It is there if there is
// one, and if the curves keep half of the height beside it or Style::y_range is given. Errors are those of DrawScript.
absl::Status DrawLearningCurve(const LearningCurve& curve, const std::string& out);

}  // namespace nmn::report
