#include "bridge/interruption.h"

#include <sys/eventfd.h>

namespace nmn::bridge {

Interruption::Interruption() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Interruption::Set() {
  if (descriptor_.ok()) (void)eventfd_write(descriptor_.get(), 1);
}

}  // namespace nmn::bridge
