#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "bridge/found_task.h"
#include "nmn/task.h"

namespace nmn::bridge {

// A shared library with a task (include/nmn/task.h), loaded into this process for as long as that lives. Immutable;
// thread-safe.
struct PluginLibrary {
  std::string file;  // as the command line calls it
  const nmn_task* task = nullptr;
  FoundTask found;  // at the horizon of its spec
};

// Loads it; its initialisers run. INVALID_ARGUMENT and NOT_FOUND in one line that names the file and says what to do:
// no such file, no shared library, one for another machine or whose symbols are not there, no task in it, made for
// another version of the header, a spec that nmn does not take.
absl::StatusOr<PluginLibrary> LoadPlugin(const std::string& file);

// What a task in a library says of itself. INVALID_ARGUMENT: made for another version of the header, or a spec that nmn
// does not take.
absl::StatusOr<FoundTask> FindTask(const nmn_task& task);

}  // namespace nmn::bridge
