// Rules that look at nothing.
#include <algorithm>
#include <cmath>

#include "cli/scripted/policies.h"
#include "common/rng/philox.h"

namespace nmn::scripted {
namespace {

class Zero final : public ScriptedPolicy {
 public:
  void Reset(const env::BatchKey&, size_t) override {}
  void Act(const env::BatchedEnvironment&, uint32_t, ConstView2 observation, ConstView2, const float*,
           View2 raw_action) override {
    std::fill_n(raw_action.row(0), observation.columns, 0.0f);
  }
};

// draw(position of the step) for every lane.
template <class Draw>
class Drawn final : public ScriptedPolicy {
 public:
  explicit Drawn(Draw draw) : draw_(draw) {}
  void Reset(const env::BatchKey& key, size_t) override { key_ = key; }
  void Act(const env::BatchedEnvironment&, uint32_t t, ConstView2 observation, ConstView2, const float*,
           View2 raw_action) override {
    for (uint32_t lane = 0; lane < observation.columns; ++lane) {
      raw_action(0, lane) = draw_(rng::StreamPosition{key_.seed, key_.update, key_.first_episode + lane, t});
    }
  }

 private:
  const Draw draw_;
  env::BatchKey key_;
};

std::unique_ptr<ScriptedPolicy> MakeUniform(float low, float high) {
  const auto draw = [=](const rng::StreamPosition& at) {
    return rng::Uniform(rng::Draw(at, rng::Purpose::kScriptedPolicy)[0], low, high);
  };
  return std::make_unique<Drawn<decltype(draw)>>(draw);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeZero(const v1::EnvironmentOptions&, size_t) {
  return std::make_unique<Zero>();
}

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeUntrained(const v1::EnvironmentOptions&, size_t) {
  const float deviation = std::exp(-0.5f);
  const auto draw = [=](const rng::StreamPosition& at) {
    return deviation * rng::StepNormal(at, rng::Purpose::kScriptedPolicy);
  };
  return std::make_unique<Drawn<decltype(draw)>>(draw);
}

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeRandomPosition(const v1::EnvironmentOptions&, size_t) {
  return MakeUniform(-4, 4);  // a = 5 u in [-20, 20)
}

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeRandomAngle(const v1::EnvironmentOptions&, size_t) {
  return MakeUniform(0, 2);  // angle = pi u in [0, 2 pi)
}

}  // namespace nmn::scripted
