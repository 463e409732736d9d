#pragma once

namespace nmn::env {

// What an environment is beside a BatchedEnvironment where its steps wait for another process.
class Interruptible {
 public:
  virtual ~Interruptible() = default;
  // A Reset or Step that waits, now or later, returns soon and has failed. Thread-safe; for good.
  virtual void Interrupt() = 0;
};

}  // namespace nmn::env
