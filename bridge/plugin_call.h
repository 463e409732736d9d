#pragma once

#include <cfenv>

namespace nmn::bridge {

// To be called before the first CallForeign. A library that calls exit() or quick_exit() ends the process with 0, which
// says that all is done. From here on, one of these within CallForeign ends it with one line and kExitPermanent;
// nothing can stop _exit(). Also notes the working directory.
void PrepareForForeign();

// Back to the locale "C" and to the working directory that PrepareForForeign noted. A locale decides how numbers are
// written and read, and paths may begin at the working directory.
void RestoreProcess();

// Whether this thread is within CallForeign.
inline thread_local bool within_foreign = false;

// function(arguments ..) of code that is not ours: what it does to rounding, to the flushing of denormals, to traps, to
// the locale and to the working directory ends with the call. The bits of a run, its files, and its life, depend on
// these.
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
      RestoreProcess();
    }
    Restored(const Restored&) = delete;
    Restored& operator=(const Restored&) = delete;

   private:
    std::fenv_t ours_;
  } const restored;
  return function(arguments...);
}

}  // namespace nmn::bridge
