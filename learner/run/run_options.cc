#include "learner/run/run_options.h"

#include "common/net/address.h"
#include "learner/ppo/device.h"
#include "learner/run/initial_weights.h"

namespace nmn::run {

namespace {

absl::Status CheckListen(const RunOptions& options) {
  const absl::StatusOr<tls::Files> files = options.tls.Resolve();
  if (!files.ok()) return files.status();
  if (options.listen.empty()) {
    if (!files->given()) return absl::OkStatus();
    return absl::InvalidArgumentError("--tls is for other processes, and there is no --listen for them; give both");
  }
  const auto address = net::ParseListenAddress(options.listen, "--listen", options.tls.protection());
  if (!address.ok() || !files->given()) return address.status();
  return tls::LoadMaterial(*files, tls::UnixNow()).status();
}

}  // namespace

absl::StatusOr<v1::RunConfig> CheckedConfig(const RunOptions& options) {
  if (absl::Status status = config::Validate(options.config); !status.ok()) return status;
  if (absl::Status status = CheckListen(options); !status.ok()) return status;
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
