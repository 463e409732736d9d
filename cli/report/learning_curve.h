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

// Which files show the curves: learning_curve.* and learning_curve_raw.*, and report.html (discounted).
struct Shown {
  bool figures = true;
  bool page = false;
};

// Whether figure and page have the dotted line of the bound. It is there if there is a bound, and if the curves keep
// half of the height beside it or Style::y_range is given.
bool DrawsBound(const LearningCurve& curve, bool discounted);

// A sentence if files leave out the line of the bound, because it would squash the curves: which, and the --y_range
// that brings it back. `command`: what that flag is to be added to, with a space at its end; "" for the reader's own.
std::optional<std::string> OracleNotice(const LearningCurve& curve, const Shown& shown, const std::string& command);

// A sentence if Style::y_range cuts off part of a curve, or the line of the bound: in which files, and where it is.
std::optional<std::string> RangeNotice(const LearningCurve& curve, const Shown& shown);

// Draws learning_curve.* (discounted) and learning_curve_raw.*, with the line that DrawsBound tells of. Errors are
// those of DrawScript.
absl::Status DrawLearningCurve(const LearningCurve& curve, const std::string& out);

}  // namespace nmn::report
