#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "learner/policy/policy_file.h"

namespace nmn::sweep {

struct SweepRun;

// The weights that every run of a sweep begins with (nmn sweep --init_from). The sweep's directory keeps a copy, an
// export (policy_file.h): the source may train on, move or go away.
struct InitialWeights {
  std::string source;  // as it was named
  std::string weights_sha256;
  std::shared_ptr<const policy::NetworkPolicy> policy;  // null: not read

  bool operator==(const InitialWeights& other) const {
    return source == other.source && weights_sha256 == other.weights_sha256;
  }
};

// The copy, in the sweep's directory.
inline constexpr char kInitialWeights[] = "init.safetensors";

// Reads what --init_from names. Errors begin with the flag.
absl::StatusOr<InitialWeights> ReadInitialWeights(const std::string& source);

// `stored` with its policy, from the copy in `directory`. DATA_LOSS where that is gone or another.
absl::StatusOr<InitialWeights> ReadCopy(const std::string& directory, const InitialWeights& stored);

// Whether each of the runs can begin with them. INVALID_ARGUMENT names the first that cannot.
absl::Status CheckFit(const InitialWeights& weights, const std::vector<SweepRun>& runs);

// "runs/a (weights of SHA-256 0f3c..)"
std::string Describe(const InitialWeights& weights);

}  // namespace nmn::sweep
