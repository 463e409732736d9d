#include "common/nn/policy_forward.h"

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/nn/forward_plan.h"
#include "common/nn/input_reader.h"
#include "common/nn/plain_forward.h"

namespace nmn::nn {
namespace {

constexpr size_t kMaxLanes = size_t{1} << 20;

class BlockedForward final : public PolicyForward {
 public:
  BlockedForward(const NetworkSpec& spec, size_t max_lanes)
      : spec_(spec),
        reader_(spec_),
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
    reader_.SetParameters(parameters);
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
    for (size_t first = 0; first < lanes_; first += kBlockLanes) {
      const size_t count = std::min(kBlockLanes, lanes_ - first);
      float* slab = slabs_.get() + first / kBlockLanes * slab_size_;
      reader_.Read(input, first, count, kBlockLanes, slab + plan_.recurrent_input * kBlockLanes,
                   slab + plan_.main_input * kBlockLanes);
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
  InputReader reader_;
  ForwardPlan plan_;
  const size_t max_lanes_;
  const size_t slab_size_;  // floats of a block
  hwy::AlignedFreeUniquePtr<float[]> slabs_;
  mutable std::vector<float> gathered_;
  size_t lanes_ = 0;
  int parity_ = 0;  // of the states that the last step wrote
};

}  // namespace

absl::StatusOr<std::unique_ptr<PolicyForward>> PolicyForward::Create(const NetworkSpec& spec, size_t max_lanes) {
  if (max_lanes < 1 || max_lanes > kMaxLanes) {
    return absl::InvalidArgumentError("a policy needs from 1 to 1048576 lanes");
  }
  if (NeedsPlainCode(spec.options)) return MakePlainForward(spec, max_lanes);
  return std::make_unique<BlockedForward>(spec, max_lanes);
}

}  // namespace nmn::nn
