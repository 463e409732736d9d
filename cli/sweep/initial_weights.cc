#include "cli/sweep/initial_weights.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "cli/sweep/grid.h"
#include "common/digest/sha256.h"
#include "common/fs/file_system.h"
#include "common/text/prefixed.h"
#include "learner/run/initial_weights.h"

namespace nmn::sweep {
absl::StatusOr<InitialWeights> ReadInitialWeights(const std::string& source) {
  absl::StatusOr<policy::NetworkPolicy> policy = policy::LoadNetworkPolicy(fs::RealFileSystem(), source);
  if (!policy.ok()) return text::Prefixed("--init_from", policy.status());
  // Every run of the sweep would begin with it.
  if (!policy->notice.empty()) {
    return absl::DataLossError(absl::StrCat("--init_from=", source, ": ", policy->notice,
                                            "; where that is what you want, name its checkpoint"));
  }
  InitialWeights weights;
  weights.source = source;
  weights.weights_sha256 = WeightsSha256(policy->weights);
  weights.policy = std::make_shared<const policy::NetworkPolicy>(*std::move(policy));
  return weights;
}

absl::StatusOr<InitialWeights> ReadCopy(const std::string& directory, const InitialWeights& stored) {
  const std::string path = absl::StrCat(directory, "/", kInitialWeights);
  absl::StatusOr<policy::NetworkPolicy> policy = policy::LoadNetworkPolicy(fs::RealFileSystem(), path);
  const std::string wanted = absl::StrCat("the weights of SHA-256 ", stored.weights_sha256,
                                          " with which the runs of this sweep begin; put a copy of it back, or name "
                                          "their source once more with --init_from");
  if (absl::IsNotFound(policy.status())) return absl::DataLossError(absl::StrCat(path, " is gone: it has ", wanted));
  if (!policy.ok()) return policy.status();
  if (WeightsSha256(policy->weights) != stored.weights_sha256)
    return absl::DataLossError(absl::StrCat(path, " has other weights than ", wanted));
  InitialWeights weights = stored;
  weights.policy = std::make_shared<const policy::NetworkPolicy>(*std::move(policy));
  return weights;
}

absl::Status CheckFit(const InitialWeights& weights, const std::vector<SweepRun>& runs) {
  std::set<std::string> fits;  // most runs have the networks of another
  for (const SweepRun& run : runs) {
    if (!fits.insert(run.config.benchmark() + run.config.network().SerializeAsString()).second) continue;
    const absl::Status status = run::LineageOf(*weights.policy, weights.source, run.config).status();
    if (!status.ok()) return text::Prefixed(run.name, status);
  }
  return absl::OkStatus();
}

std::string Describe(const InitialWeights& weights) {
  return absl::StrCat(weights.source, " (weights of SHA-256 ", weights.weights_sha256, ")");
}

}  // namespace nmn::sweep
