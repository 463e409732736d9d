#include "common/process/reap.h"

#include <poll.h>
#include <sys/wait.h>

namespace nmn::process {

bool ReapKilled(pid_t child) {
  // By tries of a millisecond: a descriptor to watch it by may be what is wanting.
  for (int tries = 0; tries < 2000; ++tries) {
    if (waitpid(child, nullptr, WNOHANG) != 0) return true;
    poll(nullptr, 0, 1);
  }
  return false;
}

}  // namespace nmn::process
