#include "bridge/plugin_call.h"

#include <cstdlib>

#include "common/process/program.h"

namespace nmn::bridge {
namespace {

// Runs in the thread that called exit().
void EndIfWithinForeign() {
  if (!within_foreign) return;
  process::EndAtOnce(kExitPermanent, "the plug-in of --task_plugin called exit(), which ends the whole program",
                     "; it must return an error instead (nmn/task.h)");
}

}  // namespace

void RefuseExits() { [[maybe_unused]] static const int registered = std::atexit(&EndIfWithinForeign); }

}  // namespace nmn::bridge
