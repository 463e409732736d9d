#include "common/build/build.h"

#include "common/nn/policy_forward.h"

namespace nmn::build {

const char* Version() { return NMN_VERSION; }

v1::BuildInfo ThisBuild() {
  v1::BuildInfo info;
  info.set_version(Version());
  info.set_commit(Commit());
  info.set_protocol(kProtocol);
  info.set_rounding_class(nn::RoundingClass());
  return info;
}

}  // namespace nmn::build
