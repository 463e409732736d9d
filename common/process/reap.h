#pragma once

#include <sys/types.h>

namespace nmn::process {

// Waits for a child that was sent SIGKILL, or will end by itself, for two seconds or so. One that is frozen, or waits
// for a disk that is gone, does not end before that does, and is left. Whether it has ended.
bool ReapKilled(pid_t child);

}  // namespace nmn::process
