#include "common/nn/action_space.h"

#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/text/counted.h"

namespace nmn::nn {
namespace {

absl::Status Refuse(const std::string& what) { return absl::InvalidArgumentError(absl::StrCat("action.", what)); }

absl::Status CheckBox(const v1::BoxSpace& box) {
  const int width = box.low_size();
  if (width < 1 || static_cast<uint32_t>(width) > kMostActionInputs) {
    return Refuse(absl::StrCat("box.low lists ", width, " numbers; it must be from 1 to ", kMostActionInputs));
  }
  for (const auto& [name, size] :
       {std::pair{"high", box.high_size()}, {"scale", box.scale_size()}, {"offset", box.offset_size()}}) {
    if (size == width) continue;
    return Refuse(absl::StrCat("box.", name, " lists ", text::Counted(size, "number"), "; it must list ", width,
                               ", as box.low does"));
  }
  if (box.bound() != v1::BoxSpace::CLIP && box.bound() != v1::BoxSpace::WRAP) {
    return Refuse(absl::StrCat("box.bound is ", v1::BoxSpace::Bound_Name(box.bound()), "; it must be CLIP or WRAP"));
  }
  for (int i = 0; i < width; ++i) {
    if (!(box.low(i) < box.high(i))) {
      return Refuse(
          absl::StrCat("box.low[", i, "] is ", box.low(i), "; it must be below box.high[", i, "], ", box.high(i)));
    }
    if (!(box.scale(i) > 0) || !std::isfinite(box.scale(i))) {
      return Refuse(absl::StrCat("box.scale[", i, "] is ", box.scale(i), "; it must be above 0 and finite"));
    }
    if (!std::isfinite(box.offset(i))) {
      return Refuse(absl::StrCat("box.offset[", i, "] is ", box.offset(i), "; it must be finite"));
    }
    if (box.bound() == v1::BoxSpace::WRAP && !std::isfinite(box.high(i) - box.low(i))) {
      return Refuse(absl::StrCat("box.bound is WRAP; box.low[", i, "] and box.high[", i, "] must be finite"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckChoices(const std::string& name, uint32_t choices) {
  if (choices >= 2 && choices <= kMostActionInputs) return absl::OkStatus();
  return Refuse(absl::StrCat(name, " is ", choices, "; it must be from 2 to ", kMostActionInputs, " choices"));
}

absl::Status CheckMultiDiscrete(const v1::MultiDiscreteSpace& space) {
  if (space.choices().empty()) return Refuse("multi_discrete.choices is empty; it must list at least one component");
  uint64_t sum = 0;
  for (int i = 0; i < space.choices_size(); ++i) {
    absl::Status status = CheckChoices(absl::StrCat("multi_discrete.choices[", i, "]"), space.choices(i));
    if (!status.ok()) return status;
    sum += space.choices(i);
  }
  if (sum <= kMostActionInputs) return absl::OkStatus();
  return Refuse(absl::StrCat("multi_discrete.choices are ", sum, " in all; they must be at most ", kMostActionInputs));
}

}  // namespace

v1::ActionSpace BoxOf(uint32_t width) {
  v1::ActionSpace space;
  v1::BoxSpace& box = *space.mutable_box();
  for (uint32_t i = 0; i < width; ++i) {
    box.add_low(-std::numeric_limits<float>::infinity());
    box.add_high(std::numeric_limits<float>::infinity());
    box.add_scale(1);
    box.add_offset(0);
  }
  box.set_bound(v1::BoxSpace::CLIP);
  return space;
}

absl::Status ValidateActionSpace(const v1::ActionSpace& space) {
  switch (space.kind_case()) {
    case v1::ActionSpace::kBox:
      return CheckBox(space.box());
    case v1::ActionSpace::kDiscrete:
      return CheckChoices("discrete", space.discrete());
    case v1::ActionSpace::kMultiDiscrete:
      return CheckMultiDiscrete(space.multi_discrete());
    case v1::ActionSpace::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("action is empty; it must be a box, discrete or multi_discrete");
}

ActionCoding::ActionCoding(const v1::ActionSpace& space) {
  if (space.has_box()) {
    recorded_width_ = read_width_ = static_cast<uint32_t>(space.box().low_size());
    return;
  }
  if (space.kind_case() == v1::ActionSpace::kDiscrete) {
    choices_ = {space.discrete()};
  } else {
    choices_.assign(space.multi_discrete().choices().begin(), space.multi_discrete().choices().end());
  }
  recorded_width_ = static_cast<uint32_t>(choices_.size());
  read_width_ = std::accumulate(choices_.begin(), choices_.end(), uint32_t{0});
}

ConstView2 ActionCoding::Read(ConstView2 recorded, View2 memory) const {
  assert(recorded.rows == recorded_width_);
  if (choices_.empty()) return recorded;
  assert(memory.rows == read_width_ && memory.columns == recorded.columns);
  size_t row = 0;
  for (size_t component = 0; component < choices_.size(); ++component) {
    const float* index = recorded.row(component);
    for (uint32_t choice = 0; choice < choices_[component]; ++choice, ++row) {
      float* out = memory.row(row);
      for (size_t lane = 0; lane < recorded.columns; ++lane)
        out[lane] = index[lane] == static_cast<float>(choice) ? 1.0f : 0.0f;
    }
  }
  return memory;
}

}  // namespace nmn::nn
