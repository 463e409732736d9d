#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace nmn::metrics {

// A list that grows as long as a run lasts and is kept short: of items numbered 1, 2, 3, .. the first, those whose
// number is a multiple of the stride, and the last. The stride is a power of two and follows from the last number
// alone, so a list that was filled again from a file is the same.
template <typename Item>
class Thinned {
 public:
  static constexpr uint64_t kMost = 1000;  // of multiples; two more at most

  static uint64_t StrideOf(uint64_t last) {
    uint64_t stride = 1;
    while (last / stride > kMost) stride *= 2;
    return stride;
  }
  // Whether a list whose last number is `last` has `number`.
  static bool Keeps(uint64_t number, uint64_t last) {
    return number == 1 || number == last || number % StrideOf(last) == 0;
  }

  // `number`: greater than all before.
  void Add(uint64_t number, Item item) {
    const bool wider = StrideOf(number) != stride_;
    stride_ = StrideOf(number);
    numbered_.emplace_back(number, std::move(item));
    const auto kept = [number](const auto& one) { return Keeps(one.first, number); };
    if (wider) {
      std::erase_if(numbered_, [&kept](const auto& one) { return !kept(one); });
    } else if (numbered_.size() > 1 && !kept(numbered_[numbered_.size() - 2])) {
      numbered_.erase(numbered_.end() - 2);
    }
  }

  uint64_t stride() const { return stride_; }
  const std::vector<std::pair<uint64_t, Item>>& numbered() const { return numbered_; }  // ascending

 private:
  uint64_t stride_ = 1;
  std::vector<std::pair<uint64_t, Item>> numbered_;
};

}  // namespace nmn::metrics
