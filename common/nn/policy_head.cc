#include "common/nn/policy_head.h"

#include "common/nn/gaussian_head.h"

namespace nmn::nn {

std::shared_ptr<const PolicyHead> MakePolicyHead(const v1::NetworkOptions& options) {
  return std::make_shared<GaussianHead>(options);
}

}  // namespace nmn::nn
