// What tasks of the user's own say, in any form.

#include "bridge/python_task.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/nn/action_space.h"

namespace nmn::bridge {
namespace {

TEST(ParseWorkerFailure, ReadsWhatAWorkerSays) {
  const absl::StatusOr<WorkerFailure> failure =
      ParseWorkerFailure(R"({"what": "ValueError: x", "doing": "step", "traceback": "t", "refusal": true})");
  ASSERT_TRUE(failure.ok());
  EXPECT_EQ(failure->what, "ValueError: x");
  EXPECT_EQ(failure->doing, "step");
  EXPECT_EQ(failure->traceback, "t");
  EXPECT_TRUE(failure->refusal);
}

TEST(ParseWorkerFailure, RefusesWhatNoWorkerSays) {
  for (const char* text : {"", "[]", "3", R"({"what": 3})", R"({"doing": []})", R"({"traceback": null})",
                           R"({"refusal": "yes"})", R"({"what": "a"} {})"})
    EXPECT_TRUE(absl::IsInternal(ParseWorkerFailure(text).status())) << text;
}

TEST(AddNumber, BoundsThatAreNoneAreRefusedLater) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [low, high] : {std::pair{kInfinity, 0.0f}, {1.0f, -kInfinity}, {kNan, 1.0f}, {1.0f, kNan}}) {
    v1::ActionSpace space;
    AddNumber(low, high, *space.mutable_box());
    EXPECT_FALSE(nn::ValidateActionSpace(space).ok()) << low << " to " << high;
  }
}

}  // namespace
}  // namespace nmn::bridge
