#pragma once

#include "common/fs/descriptor.h"

namespace nmn::bridge {

// Ends the waiting of other threads, once and for good. Thread-safe.
class Interruption {
 public:
  Interruption();
  void Set();
  // For poll: readable once it is set. -1 where the system had none to give: then nothing is ever interrupted.
  int descriptor() const { return descriptor_.get(); }

 private:
  const fs::Descriptor descriptor_;
};

}  // namespace nmn::bridge
