#pragma once

#include <cfenv>

namespace nmn::bridge {

// function(arguments ..) of code that is not ours: what it does to rounding, to the flushing of denormals and to traps
// ends with the call. The bits of a run, and its life, depend on these.
template <typename Function, typename... Arguments>
auto CallForeign(Function function, Arguments... arguments) {
  class Restored {
   public:
    Restored() { std::fegetenv(&ours_); }
    ~Restored() { std::fesetenv(&ours_); }
    Restored(const Restored&) = delete;
    Restored& operator=(const Restored&) = delete;

   private:
    std::fenv_t ours_;
  } const restored;
  return function(arguments...);
}

}  // namespace nmn::bridge
