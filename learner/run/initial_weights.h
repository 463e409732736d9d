#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "learner/policy/policy_file.h"
#include "learner/ppo/trainer.h"
#include "learner/run/run_options.h"

namespace nmn::run {

// A run may begin with weights of another run, of another config even: whatever fits by name and shape is taken, the
// rest stays fresh, and so does the optimiser.

// The weights of options.init_from; nullopt where it is empty. Writes their digest into config.init_weights_sha256, so
// that it counts in the config's hash. INVALID_ARGUMENT: the config has another digest, or has one and init_from is
// empty.
absl::StatusOr<std::optional<policy::NetworkPolicy>> LoadInitialWeights(const RunOptions& options,
                                                                        v1::RunConfig& config);

// Which tensors of `source` a run of `config` takes, by name and shape. INVALID_ARGUMENT where the source has another
// architecture, whose inputs mean other things where names and shapes are the same, or where no matrix fits. `name`: of
// the source, as it was given.
absl::StatusOr<v1::Lineage> LineageOf(const policy::NetworkPolicy& source, const std::string& name,
                                      const v1::RunConfig& config);

// Puts what the lineage takes into the trainer of that config.
absl::Status TakeWeights(const policy::NetworkPolicy& source, const v1::Lineage& lineage, ppo::Trainer& trainer);

// A sentence for the user: what was taken, and what stays fresh.
std::string Describe(const v1::Lineage& lineage);

// A sentence where benchmark, formula or wiring of z are others than the source's, which names them.
std::optional<std::string> OtherMeanings(const v1::RunConfig& source, const v1::RunConfig& config);

}  // namespace nmn::run
