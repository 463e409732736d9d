#include "common/nn/categorical_head.h"

#include <numeric>
#include <utility>

#include "common/rng/batch.h"

// foreach_target.h includes this file once a target; the order of the headers matters.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "common/nn/categorical_head.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "common/nn/activations-inl.h"
#include "common/nn/lanes-inl.h"
#include "common/rng/elementary-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace nmn::nn {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using rng::HWY_NAMESPACE::Log;

// The logits of one component are the rows of a view. Sums run over them in their order.

template <class D, class V = hn::Vec<D>>
HWY_INLINE V Largest(D d, ConstView2 logits, size_t first) {
  V largest = hn::LoadU(d, logits.row(0) + first);
  for (size_t k = 1; k < logits.rows; ++k) largest = hn::Max(largest, hn::LoadU(d, logits.row(k) + first));
  return largest;
}

// sum of exp(logit - largest), at least 1
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Total(D d, ConstView2 logits, size_t first, V largest) {
  V total = hn::Zero(d);
  for (size_t k = 0; k < logits.rows; ++k)
    total = hn::Add(total, Exp(d, hn::Sub(hn::LoadU(d, logits.row(k) + first), largest)));
  return total;
}

// What is taken off a logit to give the logarithm of its probability.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V LogNormaliser(D d, ConstView2 logits, size_t first) {
  const V largest = Largest(d, logits, first);
  return hn::Add(largest, Log(d, Total(d, logits, first, largest)));
}

// `uniform` [lane] in [0, 1); null: the most probable choice. False if a logit is not finite.
bool PickOnTarget(ConstView2 logits, const float* uniform, float* index) {
  bool finite = true;
  ForLanes(logits.columns, [&](auto d, size_t first) HWY_ATTR {
    for (size_t k = 0; k < logits.rows; ++k) {
      const auto logit = hn::LoadU(d, logits.row(k) + first);
      // x - x is 0 for a finite number, NaN otherwise.
      finite = finite && hn::AllTrue(d, hn::Eq(hn::Sub(logit, logit), hn::Zero(d)));
    }
    const auto largest = Largest(d, logits, first);
    const auto one = hn::Set(d, 1.0f);
    auto choice = hn::Zero(d);
    if (uniform == nullptr) {
      // Counts the choices before the first that is the largest.
      auto searching = hn::Eq(one, one);
      for (size_t k = 0; k + 1 < logits.rows; ++k) {
        searching = hn::And(searching, hn::Lt(hn::LoadU(d, logits.row(k) + first), largest));
        choice = hn::Add(choice, hn::IfThenElseZero(searching, one));
      }
    } else {
      // Counts the choices whose cumulated weight is not above u times the sum: the last is never counted.
      const auto point = hn::Mul(hn::LoadU(d, uniform + first), Total(d, logits, first, largest));
      auto cumulated = hn::Zero(d);
      for (size_t k = 0; k + 1 < logits.rows; ++k) {
        cumulated = hn::Add(cumulated, Exp(d, hn::Sub(hn::LoadU(d, logits.row(k) + first), largest)));
        choice = hn::Add(choice, hn::IfThenElseZero(hn::Le(cumulated, point), one));
      }
    }
    hn::StoreU(choice, d, index + first);
  });
  return finite;
}

// The three below are of one component; `more` adds to `out` instead of writing it.

void LogProbabilityOnTarget(ConstView2 logits, const float* index, bool more, float* out) {
  ForLanes(logits.columns, [&](auto d, size_t first) HWY_ATTR {
    const auto chosen = hn::LoadU(d, index + first);
    auto logit = hn::Zero(d);
    for (size_t k = 0; k < logits.rows; ++k) {
      logit =
          hn::IfThenElse(hn::Eq(chosen, hn::Set(d, static_cast<float>(k))), hn::LoadU(d, logits.row(k) + first), logit);
    }
    const auto result = hn::Sub(logit, LogNormaliser(d, logits, first));
    hn::StoreU(more ? hn::Add(hn::LoadU(d, out + first), result) : result, d, out + first);
  });
}

// sum over k of p_k (log p_k - log q_k), where log q is 0 for entropy: `to` null gives minus the entropy.
void ExpectedLogRatioOnTarget(ConstView2 from, const ConstView2* to, bool more, float* out) {
  ForLanes(from.columns, [&](auto d, size_t first) HWY_ATTR {
    const auto from_normaliser = LogNormaliser(d, from, first);
    const auto to_normaliser = to != nullptr ? LogNormaliser(d, *to, first) : hn::Zero(d);
    auto sum = hn::Zero(d);
    for (size_t k = 0; k < from.rows; ++k) {
      const auto log_p = hn::Sub(hn::LoadU(d, from.row(k) + first), from_normaliser);
      auto log_ratio = log_p;
      if (to != nullptr) log_ratio = hn::Sub(log_p, hn::Sub(hn::LoadU(d, to->row(k) + first), to_normaliser));
      sum = hn::MulAdd(Exp(d, log_p), log_ratio, sum);
    }
    const auto result = to != nullptr ? sum : hn::Neg(sum);
    hn::StoreU(more ? hn::Add(hn::LoadU(d, out + first), result) : result, d, out + first);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace nmn::nn
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nmn::nn {
namespace {

HWY_EXPORT(PickOnTarget);
HWY_EXPORT(LogProbabilityOnTarget);
HWY_EXPORT(ExpectedLogRatioOnTarget);

constexpr uint32_t kUniformSteps = 4;  // steps served by one block of uniform numbers

// Calls visit(component, its logits) for each component.
template <class Visit>
void ForComponents(const std::vector<uint32_t>& choices, ConstView2 parameters, Visit visit) {
  size_t row = 0;
  for (size_t i = 0; i < choices.size(); ++i) {
    visit(i, ConstView2(parameters.row(row), choices[i], parameters.columns, parameters.stride));
    row += choices[i];
  }
}

class CategoricalSampler final : public ActionSampler {
 public:
  CategoricalSampler(std::vector<uint32_t> choices, size_t max_lanes)
      : choices_(std::move(choices)), uniform_(choices_.size() * kUniformSteps * max_lanes) {}

  bool Sample(const rng::StreamPosition& first, ConstView2 parameters, View2 raw_action) override {
    const size_t lanes = raw_action.columns;
    const uint32_t step = first.step % kUniformSteps;
    bool finite = true;
    ForComponents(choices_, parameters, [&](size_t i, ConstView2 logits) {
      const View2 uniform(uniform_.data() + i * kUniformSteps * lanes, kUniformSteps, lanes);
      if (step == 0) {
        rng::StepUniformBlock(first.seed, first.update, first.episode, lanes, first.step / kUniformSteps,
                              rng::Purpose::kActionChoice, 0.0f, 1.0f, uniform, static_cast<uint16_t>(i));
      }
      finite &= HWY_DYNAMIC_DISPATCH(PickOnTarget)(logits, uniform.row(step), raw_action.row(i));
    });
    return finite;
  }

  bool Choose(ConstView2 parameters, View2 raw_action) override {
    bool finite = true;
    ForComponents(choices_, parameters, [&](size_t i, ConstView2 logits) {
      finite &= HWY_DYNAMIC_DISPATCH(PickOnTarget)(logits, nullptr, raw_action.row(i));
    });
    return finite;
  }

 private:
  const std::vector<uint32_t> choices_;
  std::vector<float> uniform_;  // [component, 4, lane]
};

}  // namespace

CategoricalHead::CategoricalHead(std::vector<uint32_t> choices)
    : choices_(std::move(choices)),
      fields_({{{v1::LOGITS, std::accumulate(choices_.begin(), choices_.end(), uint32_t{0}), 0}}}) {}

void CategoricalHead::Temper(View2 parameters, float temperature) const {
  for (size_t k = 0; k < parameters.rows; ++k) {
    float* logit = parameters.row(k);
    for (size_t lane = 0; lane < parameters.columns; ++lane) logit[lane] /= temperature;
  }
}

std::unique_ptr<ActionSampler> CategoricalHead::MakeSampler(size_t max_lanes) const {
  return std::make_unique<CategoricalSampler>(choices_, max_lanes);
}

void CategoricalHead::LogProbability(ConstView2 parameters, ConstView2 raw_action, float* out) const {
  ForComponents(choices_, parameters, [&](size_t i, ConstView2 logits) {
    HWY_DYNAMIC_DISPATCH(LogProbabilityOnTarget)(logits, raw_action.row(i), i > 0, out);
  });
}

void CategoricalHead::Entropy(ConstView2 parameters, float* out) const {
  ForComponents(choices_, parameters, [&](size_t i, ConstView2 logits) {
    HWY_DYNAMIC_DISPATCH(ExpectedLogRatioOnTarget)(logits, nullptr, i > 0, out);
  });
}

void CategoricalHead::KlDivergence(ConstView2 from, ConstView2 to, float* out) const {
  size_t row = 0;
  ForComponents(choices_, from, [&](size_t i, ConstView2 logits) {
    const ConstView2 others(to.row(row), choices_[i], to.columns, to.stride);
    HWY_DYNAMIC_DISPATCH(ExpectedLogRatioOnTarget)(logits, &others, i > 0, out);
    row += choices_[i];
  });
}

}  // namespace nmn::nn
#endif  // HWY_ONCE
