#include "common/nn/policy_forward.h"

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/nn/forward_plan.h"

namespace nmn::nn {
namespace {

constexpr size_t kMaxLanes = size_t{1} << 20;

class BlockedForward final : public PolicyForward {
 public:
  BlockedForward(const NetworkSpec& spec, size_t max_lanes)
      : spec_(spec),
        plan_(MakeForwardPlan(spec)),
        max_lanes_(max_lanes),
        slab_size_(plan_.rows * kBlockLanes),
        slabs_(hwy::AllocateAligned<float>(BlockCount(max_lanes) * slab_size_)),
        gathered_(std::max<size_t>(spec.options.signal_size(), spec.state_size) * max_lanes) {
    Reset(max_lanes);
  }

  const NetworkSpec& spec() const override { return spec_; }

  void SetParameters(std::span<const float> parameters) override {
    assert(parameters.size() == spec_.parameter_count);
    PackWeights(spec_, parameters, plan_);
    const auto statistic = [&](const char* name) {
      const TensorSpec& tensor = spec_.tensor(name);
      const float* values = parameters.data() + tensor.offset;
      return std::vector<float>(values, values + tensor.size);
    };
    if (spec_.normalizes_observation) {
      mean_ = statistic(kObservationMean);
      deviation_ = statistic(kObservationDeviation);
    }
    if (spec_.normalizes_reward) reward_scale_ = statistic(kRewardScale)[0];
  }

  void SetHead(std::shared_ptr<const PolicyHead> head) override { spec_.head = std::move(head); }

  // Clears whole slabs: lanes that pad the last vector stay finite too.
  void Reset(size_t lanes) override {
    assert(lanes <= max_lanes_);
    lanes_ = lanes;
    parity_ = 0;
    std::fill_n(slabs_.get(), BlockCount(lanes) * slab_size_, 0.0f);
  }

  void Step(const StepInput& input, View2 output) override {
    const ConstView2& observation = input.observation;
    assert(observation.columns == lanes_ && input.previous_action.columns == lanes_ && output.columns == lanes_);
    assert(observation.rows == spec_.observation_size && output.rows == spec_.output_size);
    assert(input.previous_action.rows == spec_.action_size);
    assert(input.previous_trial_end.rows == spec_.trial_end_inputs);
    parity_ = 1 - parity_;
    const bool rnn = spec_.options.architecture() == v1::RNN;
    for (size_t first = 0; first < lanes_; first += kBlockLanes) {
      const size_t count = std::min(kBlockLanes, lanes_ - first);
      float* slab = slabs_.get() + first / kBlockLanes * slab_size_;
      float* row = slab + plan_.recurrent_input * kBlockLanes;
      if (rnn) row = CopyObservation(observation, first, count, row);
      row = CopyRows(input.previous_action, first, count, row);
      CopyReward(input.previous_reward + first, count, row);
      row = CopyRows(input.previous_trial_end, first, count, row + kBlockLanes);
      if (!rnn || spec_.options.previous_observation()) {
        CopyObservation(input.previous_observation, first, count, row);
      }
      if (!rnn) CopyObservation(observation, first, count, slab + plan_.main_input * kBlockLanes);
      StepBlock(plan_, slab, (count + kLaneMultiple - 1) / kLaneMultiple * kLaneMultiple, parity_);
      const float* result = slab + plan_.output * kBlockLanes;
      for (size_t r = 0; r < spec_.output_size; ++r)
        std::copy_n(result + r * kBlockLanes, count, output.row(r) + first);
    }
    if (spec_.head != nullptr) spec_.head->Finish(output);
  }

  ConstView2 signal() const override { return Gather(plan_.signal.row[parity_], spec_.options.signal_size()); }
  ConstView2 state() const override { return Gather(plan_.state.row[parity_], spec_.state_size); }

 private:
  static size_t BlockCount(size_t lanes) { return (lanes + kBlockLanes - 1) / kBlockLanes; }

  static float* CopyRows(ConstView2 from, size_t first, size_t count, float* to) {
    for (size_t r = 0; r < from.rows; ++r, to += kBlockLanes) std::copy_n(from.row(r) + first, count, to);
    return to;
  }

  // The same of numbers of an observation, as the network reads them.
  float* CopyObservation(ConstView2 from, size_t first, size_t count, float* to) const {
    if (!spec_.normalizes_observation) return CopyRows(from, first, count, to);
    for (size_t r = 0; r < from.rows; ++r, to += kBlockLanes) {
      const float* x = from.row(r) + first;
      for (size_t i = 0; i < count; ++i)
        to[i] = std::clamp((x[i] - mean_[r]) / deviation_[r], -kMostDeviations, kMostDeviations);
    }
    return to;
  }

  void CopyReward(const float* reward, size_t count, float* to) const {
    if (!spec_.normalizes_reward) {
      std::copy_n(reward, count, to);
      return;
    }
    for (size_t i = 0; i < count; ++i) to[i] = reward[i] / reward_scale_;
  }

  // Rows of every slab as one array.
  ConstView2 Gather(size_t first_row, size_t rows) const {
    for (size_t first = 0; first < lanes_; first += kBlockLanes) {
      const size_t count = std::min(kBlockLanes, lanes_ - first);
      const float* from = slabs_.get() + first / kBlockLanes * slab_size_ + first_row * kBlockLanes;
      for (size_t r = 0; r < rows; ++r)
        std::copy_n(from + r * kBlockLanes, count, gathered_.data() + r * lanes_ + first);
    }
    return {gathered_.data(), rows, lanes_};
  }

  NetworkSpec spec_;
  ForwardPlan plan_;
  const size_t max_lanes_;
  const size_t slab_size_;  // floats of a block
  hwy::AlignedFreeUniquePtr<float[]> slabs_;
  mutable std::vector<float> gathered_;
  std::vector<float> mean_, deviation_;  // of each number of an observation, with normalisation
  float reward_scale_ = 1;
  size_t lanes_ = 0;
  int parity_ = 0;  // of the states that the last step wrote
};

}  // namespace

absl::StatusOr<std::unique_ptr<PolicyForward>> PolicyForward::Create(const NetworkSpec& spec, size_t max_lanes) {
  if (max_lanes < 1 || max_lanes > kMaxLanes) {
    return absl::InvalidArgumentError("a policy needs from 1 to 1048576 lanes");
  }
  return std::make_unique<BlockedForward>(spec, max_lanes);
}

}  // namespace nmn::nn
