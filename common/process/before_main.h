#pragma once

#include <sys/resource.h>

#include <cstdint>

namespace nmn::process {

// What glibc maps for a thread: an arena of malloc's, and its stack, which is as large as RLIMIT_STACK says.
inline constexpr uint64_t kThreadArena = 64 << 20;
inline uint64_t ThreadStack(const rlimit& stack) {
  constexpr uint64_t kWithoutLimit = 8 << 20;
  return stack.rlim_cur == RLIM_INFINITY ? kWithoutLimit : stack.rlim_cur;
}

// Limits under which the libraries of this program cannot even be loaded: their initialisers, which run before main,
// would crash, hang or raise signals. A function of .preinit_array, the first code of a program that runs, ends it with
// one line and kExitRetry where the address space (ulimit -v) or the stack (ulimit -s) is too small, and where OpenBLAS
// finds no thread (it raises SIGINT).
//
// A signal that stops training, sweeps or actors (stop_signals.h) ends such a program with its code and one line, from
// here until its SignalWatcher takes the signals over.
//
// Main is reached: from here on SIGINT is like the others, or what the parent left it to be.
void MainIsReached();

}  // namespace nmn::process
