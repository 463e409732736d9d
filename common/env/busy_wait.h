#pragma once

namespace nmn::env {

// Takes this much of a core, as a simulator would: time in which another thread had the core does not count, or more
// actors than cores would seem to help. The thread's clock is a system call, so the spin between two looks at it reads
// the other clock.
void BusyWait(double microseconds);

}  // namespace nmn::env
