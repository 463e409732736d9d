#pragma once

namespace nmn::process {

// Limits under which the libraries of this program cannot even be loaded: their initialisers, which run before main,
// would crash, hang or raise signals. A function of .preinit_array, the first code of a program that runs, ends it with
// one line and kExitRetry where the address space (ulimit -v) or the stack (ulimit -s) is too small, and where OpenBLAS
// finds no thread (it raises SIGINT).
//
// Main is reached: from here on SIGINT is what the parent left it to be.
void MainIsReached();

}  // namespace nmn::process
