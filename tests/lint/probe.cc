// Two findings that `make lint` must have: were one missed, the checks would be worth nothing. Not compiled otherwise.

#include "common/sync/mutex.h"

namespace nmn {

class Probe {
 public:
  Probe(int value) : value_(value) {}  // google-explicit-constructor

  int value() const { return value_; }  // read without its lock

 private:
  mutable Mutex mutex_;
  int value_ NMN_GUARDED_BY(mutex_) = 0;
};

}  // namespace nmn
