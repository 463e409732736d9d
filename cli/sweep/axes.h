#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/sweep/grid.h"

namespace nmn::sweep {

// "ppo.trace_decay=0.9,0.95", "network.hidden_sizes=[30,10],[50]". INVALID_ARGUMENT begins with "--grid" and says what
// is legal: the values are part of a directory's name.
absl::StatusOr<std::vector<Axis>> ParseAxes(const std::vector<std::string>& texts);

// A value as --set takes it, "30,10" of "[30,10]", and as it stands in a directory's name, "30_10".
std::string AssignedValue(const std::string& value);
std::string ValueInName(const std::string& value);

// Every combination, the last axis changing fastest; one empty combination where there is no axis.
using Values = std::vector<std::pair<std::string, std::string>>;
std::vector<Values> Combinations(const std::vector<Axis>& axes);

// Whether both name one field (config::FieldKey): names, or assignments.
bool IsSameField(const std::string& a, const std::string& b);

// Whether --set and --grid leave alone what other flags say, and each other. INVALID_ARGUMENT names the field.
absl::Status CheckFields(const std::vector<std::string>& assignments, const std::vector<Axis>& axes);

}  // namespace nmn::sweep
