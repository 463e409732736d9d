#include "common/rng/philox.h"

#include <gtest/gtest.h>

#include <set>

namespace nmn::rng {
namespace {

// Known answers of Random123 (tests/kat_vectors, philox4x32 10).
TEST(PhiloxSalmon2011, KnownAnswerOfZeros) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
}

TEST(PhiloxSalmon2011, KnownAnswerOfOnes) {
  const uint32_t ones = 0xffffffff;
  EXPECT_EQ(Philox4x32({ones, ones, ones, ones}, {ones, ones}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(PhiloxSalmon2011, KnownAnswerOfTheDigitsOfPi) {
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Draw, CounterAndKeyAreLaidOutAsDocumented) {
  const StreamPosition at = {.seed = 0x0123456789abcdef, .update = 3, .episode = 5, .step = 7};
  EXPECT_EQ(Draw(at, Purpose::kPosition, 9), Philox4x32({7, 5, 3, 5u << 16 | 9}, {0x89abcdef, 0x01234567}));
}

TEST(Draw, EveryPartOfThePositionMatters) {
  const StreamPosition at = {.seed = 1, .update = 1, .episode = 1, .step = 1};
  std::set<Block> blocks = {Draw(at, Purpose::kTask)};
  blocks.insert(Draw({.seed = 2, .update = 1, .episode = 1, .step = 1}, Purpose::kTask));
  blocks.insert(Draw({.seed = 1ull << 32 | 1, .update = 1, .episode = 1, .step = 1}, Purpose::kTask));
  blocks.insert(Draw({.seed = 1, .update = 2, .episode = 1, .step = 1}, Purpose::kTask));
  blocks.insert(Draw({.seed = 1, .update = 1, .episode = 2, .step = 1}, Purpose::kTask));
  blocks.insert(Draw({.seed = 1, .update = 1, .episode = 1, .step = 2}, Purpose::kTask));
  blocks.insert(Draw(at, Purpose::kTarget));
  blocks.insert(Draw(at, Purpose::kTask, 1));
  EXPECT_EQ(blocks.size(), 8u);
}

TEST(Uniform, UnitUsesTheUpper24BitsAndStaysBelowOne) {
  EXPECT_EQ(UnitUniform(0), 0.0f);
  EXPECT_EQ(UnitUniform(0xff), 0.0f);
  EXPECT_EQ(UnitUniform(0x100), 0x1p-24f);
  EXPECT_EQ(UnitUniform(0x80000000), 0.5f);
  EXPECT_EQ(UnitUniform(0xffffffff), 1.0f - 0x1p-24f);
}

TEST(Uniform, StaysInTheRangesThatEnvironmentsUse) {
  const float pi = 3.14159265f;
  const std::array<std::array<float, 2>, 6> ranges = {
      {{-10, 10}, {-5, 5}, {-15, 15}, {-1.5f, 1.5f}, {0, 2 * pi}, {-pi / 5, pi / 5}}};
  for (const auto& [low, high] : ranges) {
    EXPECT_EQ(Uniform(0, low, high), low);
    EXPECT_LT(Uniform(0xffffffff, low, high), high);
    EXPECT_FLOAT_EQ(Uniform(0x80000000, low, high), (low + high) / 2);
  }
}

}  // namespace
}  // namespace nmn::rng
