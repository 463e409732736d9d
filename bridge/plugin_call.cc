#include "bridge/plugin_call.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <cstring>

#include "common/process/program.h"

namespace nmn::bridge {
namespace {

int working_directory = -1;  // where paths began before a plug-in came

// Runs in the thread that called exit().
void EndIfWithinForeign() {
  if (!within_foreign) return;
  process::EndAtOnce(kExitPermanent, "the plug-in of --task_plugin called exit(), which ends the whole program",
                     "; it must return an error instead (nmn/task.h)");
}

}  // namespace

void PrepareForForeign() {
  [[maybe_unused]] static const int at_exit = std::atexit(&EndIfWithinForeign);
  [[maybe_unused]] static const int at_quick_exit = std::at_quick_exit(&EndIfWithinForeign);
  if (working_directory < 0) working_directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void RestoreProcess() {
  // No program of ours chooses a locale. Two calls that only read are all that it costs where nobody else did.
  if (std::strcmp(std::setlocale(LC_ALL, nullptr), "C") != 0) std::setlocale(LC_ALL, "C");
  if (uselocale(nullptr) != LC_GLOBAL_LOCALE) uselocale(LC_GLOBAL_LOCALE);
  if (working_directory >= 0) [[maybe_unused]]
    const int changed = fchdir(working_directory);
}

}  // namespace nmn::bridge

// A plug-in finds this one before libc's. What libc calls at an exit comes after the destructors of all that was made
// since, whose users, the other threads, go on and crash. The functions above remain for who calls libc's within libc,
// as err() does.
extern "C" void exit(int code) noexcept {
  nmn::bridge::EndIfWithinForeign();
  reinterpret_cast<void (*)(int)>(dlsym(RTLD_NEXT, "exit"))(code);
  std::abort();  // it does not return
}
