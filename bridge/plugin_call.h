#pragma once

#include <cfenv>

namespace nmn::bridge {

// Held around every call of code that is not ours: what it does to rounding, to the flushing of denormals and to traps
// ends with it. The bits of a run, and its life, depend on these.
class ScopedFloatingPoint {
 public:
  ScopedFloatingPoint() { std::fegetenv(&saved_); }
  ~ScopedFloatingPoint() { std::fesetenv(&saved_); }
  ScopedFloatingPoint(const ScopedFloatingPoint&) = delete;
  ScopedFloatingPoint& operator=(const ScopedFloatingPoint&) = delete;

 private:
  std::fenv_t saved_;
};

}  // namespace nmn::bridge
