// A library that a test loads into a program: it stops the program while the others load.

#include <csignal>

namespace {

[[gnu::constructor]] void Stop() { raise(SIGTERM); }

}  // namespace
