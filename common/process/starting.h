#pragma once

#include <string>
#include <utility>

#include "common/sync/mutex.h"

namespace nmn::process {

// The time until a program has begun its work. A start may block for long, where nothing looks for a stop (a large
// checkpoint, a slow disk, a device), and has nothing to save: a stop ends the process there and then, with
// kExitInterrupted. Its files are whole, as after a kill. Thread-safe.
class Starting {
 public:
  // `last_words`: what the process says on its end, one line.
  explicit Starting(std::string last_words) : last_words_(std::move(last_words)) {}

  // Told to stop. Returns where the start is over, and the work has to end in its own way.
  void Stop();
  // The start is over.
  void Over();

 private:
  const std::string last_words_;
  Mutex mutex_;
  bool over_ NMN_GUARDED_BY(mutex_) = false;
};

}  // namespace nmn::process
