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
    for (size_t i = 0; i < raw_action.rows; ++i) std::fill_n(raw_action.row(i), observation.columns, 0.0f);
  }
};

// u ~ N(0, e^-1).
class Untrained final : public ScriptedPolicy {
 public:
  void Reset(const env::BatchKey& key, size_t) override { key_ = key; }
  void Act(const env::BatchedEnvironment&, uint32_t t, ConstView2 observation, ConstView2, const float*,
           View2 raw_action) override {
    const float deviation = std::exp(-0.5f);
    for (uint32_t lane = 0; lane < observation.columns; ++lane) {
      const rng::StreamPosition at{key_.seed, key_.update, key_.first_episode + lane, t};
      for (size_t i = 0; i < raw_action.rows; ++i) {
        raw_action(i, lane) = deviation * rng::StepNormal(at, rng::Purpose::kScriptedPolicy, static_cast<uint16_t>(i));
      }
    }
  }

 private:
  env::BatchKey key_;
};

// Any action of a space is as likely as another; a number without bounds lies in [-1, 1) times its scale.
class Random final : public ScriptedPolicy {
 public:
  explicit Random(const v1::ActionSpace& space) {
    for (int i = 0; i < space.box().low_size(); ++i) {
      const float scale = space.box().scale(i), offset = space.box().offset(i);
      const float low = space.box().low(i), high = space.box().high(i);
      ranges_.push_back(
          {std::isfinite(low) ? (low - offset) / scale : -1, std::isfinite(high) ? (high - offset) / scale : 1, false});
    }
    if (space.has_discrete()) ranges_.push_back({0, static_cast<float>(space.discrete()), true});
    for (const uint32_t choices : space.multi_discrete().choices())
      ranges_.push_back({0, static_cast<float>(choices), true});
  }

  void Reset(const env::BatchKey& key, size_t) override { key_ = key; }
  void Act(const env::BatchedEnvironment&, uint32_t t, ConstView2 observation, ConstView2, const float*,
           View2 raw_action) override {
    for (uint32_t lane = 0; lane < observation.columns; ++lane) {
      const rng::StreamPosition at{key_.seed, key_.update, key_.first_episode + lane, t};
      rng::Block words{};
      for (size_t i = 0; i < ranges_.size(); ++i) {
        if (i % 4 == 0) words = rng::Draw(at, rng::Purpose::kScriptedPolicy, static_cast<uint16_t>(i / 4));
        const float u = rng::Uniform(words[i % 4], ranges_[i].low, ranges_[i].high);
        raw_action(i, lane) = ranges_[i].whole ? std::floor(u) : u;
      }
    }
  }

 private:
  struct Range {
    float low = 0, high = 0;
    bool whole = false;
  };
  std::vector<Range> ranges_;  // [component] of u
  env::BatchKey key_;
};

}  // namespace

std::unique_ptr<ScriptedPolicy> MakeRandom(const v1::ActionSpace& space) { return std::make_unique<Random>(space); }

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeZero(const v1::EnvironmentOptions&, size_t) {
  return std::make_unique<Zero>();
}

absl::StatusOr<std::unique_ptr<ScriptedPolicy>> MakeUntrained(const v1::EnvironmentOptions&, size_t) {
  return std::make_unique<Untrained>();
}

}  // namespace nmn::scripted
