#include "learner/run/run_options.h"

#include "absl/strings/str_cat.h"
#include "common/net/address.h"
#include "learner/ppo/device.h"
#include "learner/run/initial_weights.h"

namespace nmn::run {

namespace {

absl::Status CheckPorts(const RunOptions& options) {
  const absl::StatusOr<tls::Files> files = options.tls.Resolve();
  if (!files.ok()) return files.status();
  const auto metrics = metrics::ResolveProtection(options.metrics, options.metrics_tls, options.tls.protection());
  if (!metrics.ok()) return metrics.status();
  if (!options.listen.empty()) {
    const auto address = net::ParseListenAddress(options.listen, "--listen", options.tls.protection());
    if (!address.ok()) return address.status();
    const bool any_port = address->port == 0 || options.metrics_on_any_port || options.metrics == metrics::kOff;
    if (!any_port && net::ToString(*address) == options.metrics) {
      return absl::InvalidArgumentError(
          absl::StrCat("--listen and --metrics are both ", options.metrics, "; give them two ports"));
    }
  } else if (files->given() && *metrics == metrics::PortProtection::kPlainText) {
    return absl::InvalidArgumentError(
        "--tls is for other processes, and there is neither --listen for them nor TLS on --metrics; give one of them "
        "too, or --metrics_tls=mutual");
  }
  if (!files->given()) return absl::OkStatus();
  return tls::LoadMaterial(*files, tls::UnixNow(), tls::Role::kLearner).status();
}

}  // namespace

absl::StatusOr<v1::RunConfig> CheckedConfig(const RunOptions& options) {
  if (absl::Status status = config::Validate(options.config); !status.ok()) return status;
  if (absl::Status status = CheckPorts(options); !status.ok()) return status;
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
