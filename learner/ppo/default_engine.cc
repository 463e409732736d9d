#include "learner/ppo/trainer.h"

namespace nmn::ppo {

Engine DefaultEngine() {
#ifdef NMN_LIBTORCH_ENGINE
  return Engine::kLibTorch;
#else
  return Engine::kAuto;
#endif
}

}  // namespace nmn::ppo
