#include "learner/ingest/validate.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "common/nn/gaussian_head.h"
#include "tests/unit/learner/ingest/fake_trajectory.h"

namespace nmn::ingest {
namespace {

const BatchShape kShape{.horizon = 3,
                        .layout = trajectory::TrajectoryLayout::OfNetwork(2, nn::GaussianHead({})),
                        .episodes = 6,
                        .measures = {"hits", "misses"}};

v1::RejectReason Judge(const v1::Trajectory& trajectory) {
  const Verdict shape = CheckShape(kShape, trajectory);
  return shape.accepted() ? CheckPayload(kShape.layout, trajectory).reason : shape.reason;
}

struct Poison {
  const char* name;
  v1::RejectReason reason;
  std::function<void(v1::Trajectory&)> spoil;
};

class PoisonTest : public testing::TestWithParam<Poison> {};

TEST_P(PoisonTest, IsRefusedByReason) {
  v1::Trajectory trajectory = FakeTrajectory(kShape, 1, 2, 2, 2, 2);
  ASSERT_EQ(Judge(trajectory), v1::ACCEPTED);
  GetParam().spoil(trajectory);
  EXPECT_EQ(Judge(trajectory), GetParam().reason);
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

void Resign(v1::Trajectory& t) { t.set_sha256(PayloadSha256(t)); }

const Poison kPoisons[] = {
    {"NoEpisodes", v1::MALFORMED, [](auto& t) { t.set_count(0); }},
    {"EpisodesBeforeTheUnit", v1::MALFORMED, [](auto& t) { t.set_first_episode(1); }},
    {"EpisodesBehindTheUnit", v1::MALFORMED, [](auto& t) { t.set_count(3); }},
    {"CountThatWrapsAround", v1::MALFORMED, [](auto& t) { t.set_count(0xffffffffu); }},
    {"UnitBehindTheUpdate", v1::MALFORMED, [](auto& t) { t.mutable_unit()->set_count(0xfffffff0u); }},
    {"NoBlocks", v1::WRONG_SHAPE, [](auto& t) { t.clear_blocks(); }},
    {"OneBlockTooMany", v1::WRONG_SHAPE, [](auto& t) { *t.add_blocks() = t.blocks(5); }},
    {"BlocksSwapped", v1::WRONG_SHAPE, [](auto& t) { t.mutable_blocks()->SwapElements(1, 2); }},
    {"UnknownField", v1::WRONG_SHAPE, [](auto& t) { t.mutable_blocks(0)->set_field(static_cast<v1::Field>(99)); }},
    {"ShapeOfOtherHorizon", v1::WRONG_SHAPE, [](auto& t) { t.mutable_blocks(1)->set_shape(0, 4); }},
    {"ShapeOfOtherDimension", v1::WRONG_SHAPE, [](auto& t) { t.mutable_blocks(0)->set_shape(1, 3); }},
    {"ShapeWithAnAxisMore", v1::WRONG_SHAPE, [](auto& t) { t.mutable_blocks(1)->add_shape(1); }},
    {"NoShape", v1::WRONG_SHAPE, [](auto& t) { t.mutable_blocks(4)->clear_shape(); }},
    {"OneByteShort", v1::WRONG_SHAPE, [](auto& t) { t.mutable_blocks(3)->mutable_data()->pop_back(); }},
    {"OneFloatLong", v1::WRONG_SHAPE, [](auto& t) { t.mutable_blocks(3)->mutable_data()->append(4, '\0'); }},
    {"MeasureMissing", v1::WRONG_SHAPE, [](auto& t) { t.mutable_measures()->RemoveLast(); }},
    {"MeasureOfOtherName", v1::WRONG_SHAPE, [](auto& t) { t.mutable_measures(0)->set_name("luck"); }},
    {"MeasureShort", v1::WRONG_SHAPE, [](auto& t) { t.mutable_measures(0)->mutable_values()->RemoveLast(); }},
    {"NoDigest", v1::DIGEST_MISMATCH, [](auto& t) { t.clear_sha256(); }},
    {"OneBitFlipped", v1::DIGEST_MISMATCH, [](auto& t) { (*t.mutable_blocks(2)->mutable_data())[5] ^= 1; }},
    {"MeasureChanged", v1::DIGEST_MISMATCH, [](auto& t) { t.mutable_measures(1)->set_values(0, 1); }},
    {"NanObservation", v1::NOT_FINITE, [](auto& t) { Poke(t, 0, 3, kNan); }},
    {"InfiniteReward", v1::NOT_FINITE, [](auto& t) { Poke(t, 3, 0, -kInfinity); }},
    {"NanLogVariance", v1::NOT_FINITE, [](auto& t) { Poke(t, 5, 5, kNan); }},
    {"NanMeasure", v1::NOT_FINITE, [](auto& t) { t.mutable_measures(0)->set_values(0, kNan), Resign(t); }},
    {"HugeObservation", v1::OUT_OF_RANGE, [](auto& t) { Poke(t, 0, 0, 2e6f); }},
    {"HugeAction", v1::OUT_OF_RANGE, [](auto& t) { Poke(t, 2, 0, -2e6f); }},
    {"HugeReward", v1::OUT_OF_RANGE, [](auto& t) { Poke(t, 3, 0, 3e38f); }},
    {"HugePolicyOutputsAreLegal", v1::ACCEPTED, [](auto& t) { Poke(t, 1, 0, 1e30f), Poke(t, 4, 0, -1e30f); }},
};

INSTANTIATE_TEST_SUITE_P(Validate, PoisonTest, testing::ValuesIn(kPoisons),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace nmn::ingest
