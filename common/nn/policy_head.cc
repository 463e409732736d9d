#include "common/nn/policy_head.h"

#include "common/nn/action_space.h"
#include "common/nn/categorical_head.h"
#include "common/nn/gaussian_head.h"

namespace nmn::nn {

std::shared_ptr<const PolicyHead> MakePolicyHead(const v1::ActionSpace& space, const v1::NetworkOptions& options) {
  const ActionCoding coding(space);
  if (!coding.choices().empty()) return std::make_shared<CategoricalHead>(coding.choices());
  return std::make_shared<GaussianHead>(options, coding.recorded_width());
}

}  // namespace nmn::nn
