#pragma once

namespace nmn::run {

// Seconds since this process was started by the kernel, loading of libraries included. Unaffected by the wall clock.
double SecondsSinceProcessStart();

}  // namespace nmn::run
