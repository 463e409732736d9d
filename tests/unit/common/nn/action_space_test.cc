#include "common/nn/action_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace nmn::nn {
namespace {

using testing::HasSubstr;

v1::ActionSpace Choices(const std::vector<uint32_t>& choices) {
  v1::ActionSpace space;
  for (const uint32_t n : choices) space.mutable_multi_discrete()->add_choices(n);
  return space;
}

TEST(ActionCoding, ABoxIsReadAsItIsRecorded) {
  const ActionCoding coding(BoxOf(2));
  EXPECT_EQ(coding.recorded_width(), 2);
  EXPECT_EQ(coding.read_width(), 2);
  const std::vector<float> action{1, 2, 3, 4};
  EXPECT_EQ(coding.Read({action.data(), 2, 2}, {}).data, action.data());
}

TEST(ActionCoding, AnIndexIsReadAsAOneHot) {
  const ActionCoding coding(Choices({2, 3}));
  EXPECT_EQ(coding.recorded_width(), 2);
  EXPECT_EQ(coding.read_width(), 5);
  const std::vector<float> action{0, 1, 1, /**/ 2, 0, 1};  // [component, lane]
  std::vector<float> memory(15, NAN);
  const ConstView2 read = coding.Read({action.data(), 2, 3}, {memory.data(), 5, 3});
  EXPECT_EQ(read.data, memory.data());
  EXPECT_EQ(memory, (std::vector<float>{1, 0, 0, 0, 1, 1, /**/ 0, 1, 0, 0, 0, 1, 1, 0, 0}));
}

TEST(ValidateActionSpace, NamesTheFieldThatIsWrong) {
  const auto refusal = [](const v1::ActionSpace& space) { return std::string(ValidateActionSpace(space).message()); };
  const auto box = [&](auto change) {
    v1::ActionSpace space = BoxOf(2);
    change(*space.mutable_box());
    return refusal(space);
  };
  EXPECT_TRUE(ValidateActionSpace(BoxOf(1024)).ok());
  EXPECT_THAT(refusal({}), HasSubstr("action is empty"));
  EXPECT_THAT(refusal(BoxOf(1025)), HasSubstr("action.box.low lists 1025"));
  EXPECT_THAT(box([](auto& b) { b.add_high(1); }), HasSubstr("action.box.high lists 3"));
  EXPECT_THAT(box([](auto& b) { b.clear_scale(); }), HasSubstr("action.box.scale lists 0"));
  EXPECT_THAT(box([](auto& b) { b.add_offset(0); }), HasSubstr("action.box.offset lists 3"));
  EXPECT_THAT(box([](auto& b) { b.clear_bound(); }), HasSubstr("action.box.bound is BOUND_UNSPECIFIED"));
  EXPECT_THAT(box([](auto& b) { b.set_low(1, INFINITY); }), HasSubstr("action.box.low[1] is inf"));
  EXPECT_THAT(box([](auto& b) { b.set_high(0, NAN); }), HasSubstr("action.box.low[0]"));
  EXPECT_THAT(box([](auto& b) { b.set_scale(1, 0); }), HasSubstr("action.box.scale[1] is 0"));
  EXPECT_THAT(box([](auto& b) { b.set_offset(1, NAN); }), HasSubstr("action.box.offset[1] is nan"));
  EXPECT_THAT(box([](auto& b) { b.set_bound(v1::BoxSpace::WRAP); }), HasSubstr("action.box.bound is WRAP"));
  v1::ActionSpace one;
  one.set_discrete(1);
  EXPECT_THAT(refusal(one), HasSubstr("action.discrete is 1"));
  EXPECT_THAT(refusal(Choices({2, 1})), HasSubstr("action.multi_discrete.choices[1] is 1"));
  EXPECT_THAT(refusal(Choices({1000, 25})), HasSubstr("action.multi_discrete.choices are 1025 in all"));
  one.clear_kind();
  one.mutable_multi_discrete();
  EXPECT_THAT(refusal(one), HasSubstr("action.multi_discrete.choices is empty"));
}

}  // namespace
}  // namespace nmn::nn
