#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/env/environment.h"

namespace nmn::env {

// A task that is no part of this program: its code is what the command line of this process says. Its only option is
// the horizon.
struct BroughtTask {
  EnvironmentSpec spec;
  std::function<absl::StatusOr<std::unique_ptr<BatchedEnvironment>>(const v1::EnvironmentOptions&, size_t max_lanes)>
      make;
};

// From now on the registry has it beside what ships. ALREADY_EXISTS: a task that ships has its name. At most one, and
// before there are threads.
absl::Status Bring(BroughtTask task);

// The same of a task whose code nobody brought: configs of it can be made and checked, and who wants to play it is told
// which flag is missing.
absl::Status BringSpec(const v1::TaskSpec& spec);

// Null: none was brought, or it has another name.
const BroughtTask* FindBrought(std::string_view name);
// Null: none was brought.
const BroughtTask* Brought();

// What is known of a task of the user's own, from its spec alone.
EnvironmentSpec SpecOf(const v1::TaskSpec& spec);

}  // namespace nmn::env
