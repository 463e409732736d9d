#include "common/build/build.h"

#ifdef NMN_HAVE_NN
#include "common/nn/policy_forward.h"
#endif

namespace nmn::build {

const char* Version() { return NMN_VERSION; }

v1::BuildInfo ThisBuild() {
  v1::BuildInfo info;
  info.set_version(Version());
  info.set_commit(Commit());
  info.set_protocol(kProtocol);
#ifdef NMN_HAVE_NN
  info.set_rounding_class(nn::RoundingClass());
#else
  info.set_rounding_class("fma");
#endif
  return info;
}

}  // namespace nmn::build
