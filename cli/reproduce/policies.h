#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace nmn::reproduce {

// The policies that come with the program: docs/results/policies/<benchmark>-<arch>.safetensors of the source tree that
// this program was built in, or share/nmn/policies beside the bin of an installed one. NOT_FOUND names where it looked.
absl::StatusOr<std::string> FindPolicy(const std::string& benchmark, const std::string& architecture);
// The same of the first of `folders` that has it.
absl::StatusOr<std::string> FindPolicyIn(const std::vector<std::string>& folders, const std::string& benchmark,
                                         const std::string& architecture);

}  // namespace nmn::reproduce
