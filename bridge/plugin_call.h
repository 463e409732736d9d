#pragma once

#include <cfenv>

namespace nmn::bridge {

// A library that calls exit() ends the process with 0, which says that all is done. From the first call of this on, an
// exit() within CallForeign ends it with one line and kExitPermanent.
void RefuseExits();

// Whether this thread is within CallForeign.
inline thread_local bool within_foreign = false;

// function(arguments ..) of code that is not ours: what it does to rounding, to the flushing of denormals and to traps
// ends with the call. The bits of a run, and its life, depend on these.
template <typename Function, typename... Arguments>
auto CallForeign(Function function, Arguments... arguments) {
  class Restored {
   public:
    Restored() {
      std::fegetenv(&ours_);
      within_foreign = true;
    }
    ~Restored() {
      within_foreign = false;
      std::fesetenv(&ours_);
    }
    Restored(const Restored&) = delete;
    Restored& operator=(const Restored&) = delete;

   private:
    std::fenv_t ours_;
  } const restored;
  return function(arguments...);
}

}  // namespace nmn::bridge
