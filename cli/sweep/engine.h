#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nmn::sweep {

// The most that a flag of the engine may say.
inline constexpr size_t kMostJobs = 1024, kMostThreads = 1024, kMostActors = 1024, kMostRestarts = 1000;

// Who runs a sweep, and how. sweep.json keeps it, so that the next call goes on the same way. Unset: the engine's own.
struct Engine {
  std::string name = "local";  // local, slurm or kubernetes
  std::optional<size_t> jobs;
  std::optional<size_t> threads;
  std::optional<size_t> actors;
  std::optional<size_t> restarts;
  std::optional<std::string> device;
  std::vector<std::string> sbatch;
  std::optional<std::string> registry;
  std::optional<std::string> tag;

  bool operator==(const Engine&) const = default;
};

// What a call says about the engine; `name` unset: as stored.
struct EngineRequest {
  std::optional<std::string> name;
  Engine flags;  // its name is not looked at
};

// The stored engine with what the request says in its place; of another engine's flags nothing stays. INVALID_ARGUMENT
// names a flag that this engine would ignore, or a value that it cannot take; FAILED_PRECONDITION a device that this
// machine has to have and has not.
absl::StatusOr<Engine> Choose(const Engine& stored, const EngineRequest& request);

}  // namespace nmn::sweep
