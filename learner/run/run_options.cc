#include "learner/run/run_options.h"

#include "common/net/address.h"
#include "learner/ppo/device.h"
#include "learner/run/run_state.h"

namespace nmn::run {
namespace {

// Of a run that is only tried.
class Unheard : public RunObserver {
 public:
  void OnUpdate(const UpdateSummary& /*summary*/) override {}
  void OnNotice(const std::string& /*sentence*/) override {}
};

}  // namespace

absl::StatusOr<v1::RunConfig> CheckedConfig(const RunOptions& options) {
  if (absl::Status status = config::Validate(options.config); !status.ok()) return status;
  if (!options.listen.empty()) {
    const auto address = net::ParseListenAddress(options.listen, "--listen", options.insecure);
    if (!address.ok()) return address.status();
  }
  if (absl::Status status = metrics::CheckAddress(options.metrics); !status.ok()) return status;
  if (absl::Status status = ppo::CheckDevice(options.trainer.device); !status.ok()) return status;
  if (options.init_from.empty()) return options.config;
  Unheard unheard;
  absl::StatusOr<RunState> state = NewState(options, unheard);
  if (!state.ok()) return state.status();
  return state->config;
}

}  // namespace nmn::run
