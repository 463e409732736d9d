#include "common/nn/gaussian_head.h"

#include <cmath>
#include <vector>

#include "common/rng/batch.h"

// foreach_target.h includes this file once a target; the order of the headers matters.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/nn/gaussian_head.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "common/nn/activations-inl.h"
#include "common/nn/lanes-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace nmn::nn {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr float kLogTwoPi = 1.8378770664093453f;

bool SampleOnTarget(const float* mean, const float* log_variance, const float* noise, size_t lanes, float* raw_action) {
  bool finite = true;
  ForLanes(lanes, [&](auto d, size_t first) HWY_ATTR {
    auto u = hn::LoadU(d, mean + first);
    if (noise != nullptr) {
      const auto half = hn::Mul(hn::LoadU(d, log_variance + first), hn::Set(d, 0.5f));
      u = hn::MulAdd(Exp(d, half), hn::LoadU(d, noise + first), u);
    }
    hn::StoreU(u, d, raw_action + first);
    // u - u is 0 for a finite number, NaN otherwise.
    finite = finite && hn::AllTrue(d, hn::Eq(hn::Sub(u, u), hn::Zero(d)));
  });
  return finite;
}

// The two below are of one number of the action; `more` adds to `out` instead of writing it.

void LogProbabilityOnTarget(const float* mean, const float* log_variance, const float* u, size_t lanes, bool more,
                            float* out) {
  ForLanes(lanes, [&](auto d, size_t first) HWY_ATTR {
    const auto variance = hn::LoadU(d, log_variance + first);
    const auto deviation = hn::Sub(hn::LoadU(d, u + first), hn::LoadU(d, mean + first));
    const auto square = hn::Mul(hn::Mul(deviation, deviation), Exp(d, hn::Neg(variance)));
    const auto sum = hn::Add(hn::Add(variance, square), hn::Set(d, kLogTwoPi));
    const auto result = hn::Mul(hn::Set(d, -0.5f), sum);
    hn::StoreU(more ? hn::Add(hn::LoadU(d, out + first), result) : result, d, out + first);
  });
}

void KlOnTarget(const float* from_mean, const float* from_log_variance, const float* to_mean,
                const float* to_log_variance, size_t lanes, bool more, float* out) {
  ForLanes(lanes, [&](auto d, size_t first) HWY_ATTR {
    const auto to = hn::LoadU(d, to_log_variance + first);
    const auto log_ratio = hn::Sub(hn::LoadU(d, from_log_variance + first), to);
    const auto distance = hn::Sub(hn::LoadU(d, from_mean + first), hn::LoadU(d, to_mean + first));
    const auto square = hn::Mul(hn::Mul(distance, distance), Exp(d, hn::Neg(to)));
    const auto sum = hn::Sub(hn::Sub(hn::Add(Exp(d, log_ratio), square), hn::Set(d, 1.0f)), log_ratio);
    const auto result = hn::Mul(hn::Set(d, 0.5f), sum);
    hn::StoreU(more ? hn::Add(hn::LoadU(d, out + first), result) : result, d, out + first);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace nmn::nn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nmn::nn {
namespace {

HWY_EXPORT(SampleOnTarget);
HWY_EXPORT(LogProbabilityOnTarget);
HWY_EXPORT(KlOnTarget);

constexpr uint32_t kNoiseSteps = 4;  // steps served by one block of normals
constexpr float kHalfLogTwoPiE = 1.4189385332046727f;

class GaussianSampler final : public ActionSampler {
 public:
  GaussianSampler(uint32_t numbers, size_t max_lanes) : numbers_(numbers), noise_(numbers * kNoiseSteps * max_lanes) {}

  bool Sample(const rng::StreamPosition& first, ConstView2 parameters, View2 raw_action) override {
    const size_t lanes = raw_action.columns;
    const uint32_t step = first.step % kNoiseSteps;
    bool finite = true;
    for (uint32_t i = 0; i < numbers_; ++i) {
      const View2 noise(noise_.data() + i * kNoiseSteps * lanes, kNoiseSteps, lanes);
      if (step == 0) {
        rng::StepNormalBlock(first.seed, first.update, first.episode, lanes, first.step / kNoiseSteps,
                             rng::Purpose::kActionNoise, noise, static_cast<uint16_t>(i));
      }
      finite &=
          SampleGaussian(parameters.row(numbers_ + i), parameters.row(i), noise.row(step), lanes, raw_action.row(i));
    }
    return finite;
  }

  bool Choose(ConstView2 parameters, View2 raw_action) override {
    bool finite = true;
    for (uint32_t i = 0; i < numbers_; ++i) {
      finite &= SampleGaussian(parameters.row(numbers_ + i), nullptr, nullptr, raw_action.columns, raw_action.row(i));
    }
    return finite;
  }

 private:
  const uint32_t numbers_;
  std::vector<float> noise_;  // [number, 4, lane]
};

}  // namespace

bool SampleGaussian(const float* mean, const float* log_variance, const float* noise, size_t lanes, float* raw_action) {
  return HWY_DYNAMIC_DISPATCH(SampleOnTarget)(mean, log_variance, noise, lanes, raw_action);
}

GaussianHead::GaussianHead(const v1::NetworkOptions& options, uint32_t numbers)
    : numbers_(numbers),
      fields_({{{v1::MEAN, numbers, numbers}, {v1::LOG_VARIANCE, numbers, 0}}}),
      min_log_variance_(static_cast<float>(options.min_log_variance())),
      max_log_variance_(static_cast<float>(options.max_log_variance())),
      bounded_(options.min_log_variance() != 0 || options.max_log_variance() != 0) {}

// Comparisons are written so that NaN stays NaN.
void GaussianHead::Finish(View2 parameters) const {
  for (uint32_t i = 0; i < numbers_; ++i) {
    float* log_variance = parameters.row(i);
    for (size_t lane = 0; lane < parameters.columns; ++lane) {
      float value = log_variance[lane] + kLogVarianceShift;
      if (bounded_ && value < min_log_variance_) value = min_log_variance_;
      if (bounded_ && value > max_log_variance_) value = max_log_variance_;
      log_variance[lane] = value;
    }
  }
}

void GaussianHead::Temper(View2 parameters, float temperature) const {
  const float shift = 2 * std::log(temperature);
  for (uint32_t i = 0; i < numbers_; ++i) {
    float* log_variance = parameters.row(i);
    for (size_t lane = 0; lane < parameters.columns; ++lane) log_variance[lane] += shift;
  }
}

std::unique_ptr<ActionSampler> GaussianHead::MakeSampler(size_t max_lanes) const {
  return std::make_unique<GaussianSampler>(numbers_, max_lanes);
}

void GaussianHead::LogProbability(ConstView2 parameters, ConstView2 raw_action, float* out) const {
  for (uint32_t i = 0; i < numbers_; ++i) {
    HWY_DYNAMIC_DISPATCH(LogProbabilityOnTarget)
    (parameters.row(numbers_ + i), parameters.row(i), raw_action.row(i), parameters.columns, i > 0, out);
  }
}

void GaussianHead::Entropy(ConstView2 parameters, float* out) const {
  for (uint32_t i = 0; i < numbers_; ++i) {
    const float* log_variance = parameters.row(i);
    for (size_t lane = 0; lane < parameters.columns; ++lane) {
      const float entropy = 0.5f * log_variance[lane] + kHalfLogTwoPiE;
      out[lane] = i > 0 ? out[lane] + entropy : entropy;
    }
  }
}

void GaussianHead::KlDivergence(ConstView2 from, ConstView2 to, float* out) const {
  for (uint32_t i = 0; i < numbers_; ++i) {
    HWY_DYNAMIC_DISPATCH(KlOnTarget)
    (from.row(numbers_ + i), from.row(i), to.row(numbers_ + i), to.row(i), from.columns, i > 0, out);
  }
}

}  // namespace nmn::nn
#endif  // HWY_ONCE
