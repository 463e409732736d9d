#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "learner/policy/policy_file.h"
#include "learner/ppo/trainer.h"
#include "learner/run/run_options.h"

namespace nmn::run {

// A run may begin with weights of another run, even of another config. It takes whatever fits by name and shape. The
// rest stays fresh, and so does the optimiser.

// The weights of options.init_from; nullopt if that is empty. Writes their digest into config.init_weights_sha256, so
// that it counts in the config's hash. INVALID_ARGUMENT: the config has another digest, or has one and init_from is
// empty.
absl::StatusOr<std::optional<policy::NetworkPolicy>> LoadInitialWeights(const RunOptions& options,
                                                                        v1::RunConfig& config);

// Which tensors of `source` a run of `config` takes, by name and shape. INVALID_ARGUMENT: no matrix fits, or the source
// has another architecture, whose inputs mean other things even if names and shapes are the same. `name` is the source
// as the user named it.
absl::StatusOr<v1::Lineage> LineageOf(const policy::NetworkPolicy& source, const std::string& name,
                                      const v1::RunConfig& config);

// Puts the tensors that the lineage takes into the trainer of that config.
absl::Status TakeWeights(const policy::NetworkPolicy& source, const v1::Lineage& lineage, ppo::Trainer& trainer);

// A sentence for the user: what was taken, and what stays fresh.
std::string Describe(const v1::Lineage& lineage);

// A sentence if benchmark, formula or wiring of z differ from those of the source. It names them.
std::optional<std::string> OtherMeanings(const v1::RunConfig& source, const v1::RunConfig& config);

// A sentence if the policy's learning rate begins higher than it was where the source stopped, so that training may
// undo what was learnt. It names the flag with which training goes on as it was.
std::optional<std::string> FasterThanSource(const policy::NetworkPolicy& source, const v1::RunConfig& config);

}  // namespace nmn::run
