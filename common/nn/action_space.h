#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "common/tensor/view.h"
#include "nmn/v1/task.pb.h"

namespace nmn::nn {

// Numbers that a network reads of a fed-back action at most, one-hots written out.
inline constexpr uint32_t kMostActionInputs = 1024;

// An unbounded box of `width` numbers at scale 1.
v1::ActionSpace BoxOf(uint32_t width);

// INVALID_ARGUMENT names the field of "action" and its legal values.
absl::Status ValidateActionSpace(const v1::ActionSpace& space);

// How a valid action space is recorded and read. A number of a box is recorded and read as it is. A component with
// choices is recorded as the index of the choice, one float32, which holds every index exactly; a network reads it as a
// one-hot, which is neither stored nor sent. Immutable; thread-safe.
class ActionCoding {
 public:
  explicit ActionCoding(const v1::ActionSpace& space);

  uint32_t recorded_width() const { return recorded_width_; }
  uint32_t read_width() const { return read_width_; }
  // Of each component; empty for a box.
  const std::vector<uint32_t>& choices() const { return choices_; }

  // What a network reads of recorded actions [recorded_width, lane]: those of a box themselves; else one-hots, written
  // to `memory` [read_width, lane].
  ConstView2 Read(ConstView2 recorded, View2 memory) const;

 private:
  std::vector<uint32_t> choices_;
  uint32_t recorded_width_ = 0;
  uint32_t read_width_ = 0;
};

}  // namespace nmn::nn
