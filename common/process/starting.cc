#include "common/process/starting.h"

#include "common/process/program.h"

namespace nmn::process {

void Starting::Stop() {
  MutexLock lock(mutex_);
  if (!over_) EndAtOnce(kExitInterrupted, last_words_);
}

void Starting::Over() {
  MutexLock lock(mutex_);
  over_ = true;
}

}  // namespace nmn::process
