#include "learner/run/run_options.h"

#include "common/net/address.h"
#include "learner/ppo/device.h"
#include "learner/run/initial_weights.h"

namespace nmn::run {

absl::StatusOr<v1::RunConfig> CheckedConfig(const RunOptions& options) {
  if (absl::Status status = config::Validate(options.config); !status.ok()) return status;
  if (!options.listen.empty()) {
    const auto address = net::ParseListenAddress(options.listen, "--listen", options.insecure);
    if (!address.ok()) return address.status();
  }
  if (absl::Status status = metrics::CheckAddress(options.metrics); !status.ok()) return status;
  if (absl::Status status = ppo::CheckDevice(options.trainer.device); !status.ok()) return status;
  v1::RunConfig config = options.config;
  if (options.init_from.empty()) return config;
  const absl::StatusOr<std::optional<policy::NetworkPolicy>> source = LoadInitialWeights(options, config);
  if (!source.ok()) return source.status();
  const absl::StatusOr<v1::Lineage> lineage = LineageOf(**source, options.init_from, config);
  if (!lineage.ok()) return lineage.status();
  return config;
}

}  // namespace nmn::run
