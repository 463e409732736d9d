#include "cli/sweep/engine.h"

#include "absl/strings/str_cat.h"
#include "cli/sweep/image_name.h"
#include "cli/sweep/slurm.h"
#include "learner/ppo/device.h"

namespace nmn::sweep {
namespace {

// A flag of one engine would be ignored in silence by another.
absl::Status CheckFlags(const Engine& engine) {
  const auto only = [&](bool given, const std::string& flag, const std::string& name) -> absl::Status {
    if (!given || engine.name == name) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(flag, " is for --engine=", name, "; this is --engine=", engine.name));
  };
  for (const absl::Status& status :
       {only(engine.actors.has_value(), "--actors", "slurm"), only(engine.restarts.has_value(), "--restarts", "slurm"),
        only(!engine.sbatch.empty(), "--sbatch", "slurm"),
        only(engine.registry.has_value(), "--registry", "kubernetes"),
        only(engine.tag.has_value(), "--tag", "kubernetes")}) {
    if (!status.ok()) return status;
  }
  if (engine.name == "kubernetes" && (engine.threads.value_or(0) != 0 || engine.device.value_or("cpu") != "cpu"))
    return absl::InvalidArgumentError(
        "--threads and --device are not for --engine=kubernetes; patch the learner's container in DIR/kubernetes");
  return absl::OkStatus();
}

template <typename Value>
void Take(const std::optional<Value>& said, std::optional<Value>& kept) {
  if (said) kept = said;
}

}  // namespace

absl::StatusOr<Engine> Choose(const Engine& stored, const EngineRequest& request) {
  Engine engine = stored;
  if (request.name && *request.name != stored.name) {
    engine = Engine();
    engine.name = *request.name;
  }
  Take(request.flags.jobs, engine.jobs);
  Take(request.flags.threads, engine.threads);
  Take(request.flags.actors, engine.actors);
  Take(request.flags.restarts, engine.restarts);
  Take(request.flags.device, engine.device);
  Take(request.flags.registry, engine.registry);
  Take(request.flags.tag, engine.tag);
  if (!request.flags.sbatch.empty()) engine.sbatch = request.flags.sbatch;
  if (absl::Status status = CheckFlags(engine); !status.ok()) return status;
  if (engine.device) {
    // A scheduler's machines have other devices than this one.
    const absl::Status device =
        engine.name == "local" ? ppo::CheckDevice(*engine.device) : ppo::ParseDevice(*engine.device).status();
    if (!device.ok()) return device;
  }
  if (absl::Status status = CheckSbatchArguments(engine.sbatch); !status.ok()) return status;
  if (engine.registry) {
    if (absl::Status status = CheckRegistry(*engine.registry); !status.ok()) return status;
  }
  if (engine.tag) {
    if (absl::Status status = CheckTag(*engine.tag); !status.ok()) return status;
  }
  return engine;
}

}  // namespace nmn::sweep
