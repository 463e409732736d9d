#include "learner/bptt/sequence_network.h"

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/nn/denormals.h"
#include "common/nn/plain_forward.h"
#include "learner/bptt/chunk.h"
#include "learner/bptt/kernels.h"
#include "learner/bptt/memory.h"
#include "learner/bptt/plan.h"
#include "learner/bptt/thread_pool.h"

namespace nmn::bptt {
namespace {

// Sequences of a chunk, at most: five rows of register tiles of five. A batch of kWorthCutting is cut all the same, so
// that a minibatch of 25 feeds two threads; an even number of chunks feeds them alike.
constexpr size_t kChunkSequences = 25;
constexpr size_t kWorthCutting = 16;

size_t ChunkCount(size_t sequences) {
  if (sequences < kWorthCutting) return 1;
  return 2 * ((sequences + 2 * kChunkSequences - 1) / (2 * kChunkSequences));
}

struct Buffer {
  explicit Buffer(size_t size) : data(AllocateMemory(size)), size(size) {}
  std::span<float> span() { return {data.get(), size}; }

  Memory data;
  size_t size;
};

class SequenceNetworkImpl : public SequenceNetwork {
 public:
  SequenceNetworkImpl(const nn::NetworkSpec& spec, std::shared_ptr<ThreadPool> pool)
      : plan_(spec), pool_(std::move(pool)), direct_(plan_.direct_size()), turned_(plan_.turned_size()) {}

  const nn::NetworkSpec& spec() const override { return plan_.spec(); }

  void SetParameters(std::span<const float> flat) override {
    assert(flat.size() == spec().parameter_count);
    plan_.Pack(flat, direct_.span(), turned_.span());
  }

  void Forward(const SequenceInput& input, View3 output) override { Run(input, true, output, {}); }

  void Evaluate(const SequenceInput& input, View3 output, const SegmentStarts& starts) override {
    Run(input, false, output, starts);
  }

  void Backward(ConstView3 output_gradient, std::span<float> flat_gradient) override {
    assert(flat_gradient.size() == spec().parameter_count);
    while (gradients_.size() < active_) gradients_.emplace_back(plan_.direct_size());
    const Kernels& kernels = SelectKernels();
    pool_->Run(active_, [&](size_t c) {
      chunks_[c].Backward(kernels, turned_.data.get(), output_gradient, gradients_[c].span());
    });
    const nn::ScopedFlushDenormals flush;
    float* sum = gradients_[0].data.get();
    for (size_t c = 1; c < active_; ++c) {
      const float* part = gradients_[c].data.get();
      for (size_t i = 0; i < plan_.direct_size(); ++i) sum[i] += part[i];
    }
    plan_.Unpack(gradients_[0].span(), flat_gradient);
  }

  void CopyEnd(View2 state, View2 signal) const override {
    for (size_t c = 0; c < active_; ++c) chunks_[c].CopyEnd(state, signal);
  }

 private:
  void Run(const SequenceInput& input, bool keep, View3 output, const SegmentStarts& starts) {
    const size_t sequences = input.recurrent_input.columns;
    active_ = ChunkCount(sequences);
    while (chunks_.size() < active_) chunks_.emplace_back(plan_);
    const Kernels& kernels = SelectKernels();
    pool_->Run(active_, [&](size_t c) {
      const size_t first = c * sequences / active_;
      const size_t count = (c + 1) * sequences / active_ - first;
      chunks_[c].Forward(kernels, direct_.data.get(), input, first, count, keep, output, starts);
    });
  }

  const Plan plan_;
  const std::shared_ptr<ThreadPool> pool_;
  Buffer direct_;
  Buffer turned_;
  std::vector<Chunk> chunks_;
  std::vector<Buffer> gradients_;  // one a chunk, laid out as direct_
  size_t active_ = 0;              // chunks of the last pass
};

}  // namespace

absl::StatusOr<std::unique_ptr<SequenceNetwork>> SequenceNetwork::Create(const nn::NetworkSpec& spec, int threads) {
  absl::StatusOr<std::shared_ptr<ThreadPool>> pool = ThreadPool::Create(threads);
  if (!pool.ok()) return pool.status();
  return Create(spec, *std::move(pool));
}

absl::StatusOr<std::unique_ptr<SequenceNetwork>> SequenceNetwork::Create(const nn::NetworkSpec& spec,
                                                                         std::shared_ptr<ThreadPool> pool) {
  if (absl::Status status = nn::ValidateNetwork(spec.options); !status.ok()) return status;
  if (nn::NeedsPlainCode(spec.options)) {
    return absl::UnimplementedError(absl::StrCat("no loop by hand for network.cell ",
                                                 v1::Cell_Name(spec.options.cell()), " with network.modulation ",
                                                 v1::Modulation_Name(spec.options.modulation())));
  }
  return std::make_unique<SequenceNetworkImpl>(spec, std::move(pool));
}

}  // namespace nmn::bptt
