#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/nn/denormals.h"
#include "common/nn/network_spec.h"
#include "tests/unit/common/nn/options.h"

namespace nmn::nn {
namespace {

TEST(InitialParameters, WeightsAreTruncatedNormalsAndBiasesZero) {
  const NetworkSpec spec = MakeNetworkSpec(ReferenceNmn(2), Role::kActor, 2, BoxOf(1)).value();
  const std::vector<float> parameters = InitialParameters(spec, 7);
  ASSERT_EQ(parameters.size(), spec.parameter_count);
  double sum = 0, squares = 0, count = 0;
  for (const TensorSpec& tensor : spec.tensors) {
    for (size_t i = tensor.offset; i < tensor.offset + tensor.size; ++i) {
      if (tensor.is_bias) {
        ASSERT_EQ(parameters[i], 0.0f) << tensor.name;
        continue;
      }
      ASSERT_LE(std::abs(parameters[i]), 2 * kInitialDeviation) << tensor.name;
      sum += parameters[i];
      squares += double{parameters[i]} * parameters[i];
      ++count;
    }
  }
  // A normal cut at 2 sd has a deviation of 0.8796 of the whole one's.
  EXPECT_NEAR(sum / count, 0, 4 * 0.088 / std::sqrt(count));
  EXPECT_NEAR(std::sqrt(squares / count), 0.08796, 0.0008);
}

TEST(InitialParameters, SeedRoleAndTensorEachGiveOtherNumbers) {
  const NetworkSpec actor = MakeNetworkSpec(ReferenceNmn(1), Role::kActor, 1, BoxOf(1)).value();
  const NetworkSpec critic = MakeNetworkSpec(ReferenceNmn(1), Role::kCritic, 1, BoxOf(1)).value();
  const std::vector<float> parameters = InitialParameters(actor, 7);
  EXPECT_EQ(parameters, InitialParameters(actor, 7));
  EXPECT_NE(parameters[0], InitialParameters(actor, 8)[0]);
  EXPECT_NE(parameters[0], InitialParameters(critic, 7)[0]);
  EXPECT_NE(parameters[0], parameters[actor.tensor("gru0.w_recurrent").offset]);
}

TEST(ScopedFlushDenormals, FlushesWhileItLives) {
  volatile float smallest = std::numeric_limits<float>::min();
  {
    const ScopedFlushDenormals flush;
    EXPECT_EQ(smallest * 0.5f, 0.0f);
  }
  EXPECT_GT(smallest * 0.5f, 0.0f);
}

}  // namespace
}  // namespace nmn::nn
