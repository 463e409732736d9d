#include "common/trajectory/message.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/digest/sha256.h"

namespace nmn::trajectory {
namespace {

static_assert(std::endian::native == std::endian::little, "blocks are little-endian and are used as they are");

Verdict WrongShape(const std::string& detail) { return {v1::WRONG_SHAPE, detail}; }

std::string NameOf(const v1::Block& block) {
  return v1::Field_IsValid(block.field()) ? v1::Field_Name(block.field()) : "an unknown field";
}

Verdict CheckBlock(const FieldSpec& field, size_t steps, size_t count, const v1::Block& block, int index) {
  if (block.field() != field.kind->id)
    return WrongShape("block " + std::to_string(index) + " is not " + v1::Field_Name(field.kind->id));
  const std::vector<uint32_t> shape = field.Shape(steps, count);
  if (!std::equal(shape.begin(), shape.end(), block.shape().begin(), block.shape().end()))
    return WrongShape("the shape of " + NameOf(block) + " is not the config's");
  const size_t bytes = steps * field.width * count * sizeof(float);
  if (block.data().size() != bytes) {
    return WrongShape(NameOf(block) + " has " + std::to_string(block.data().size()) + " bytes, its shape needs " +
                      std::to_string(bytes));
  }
  return {};
}

Verdict CheckIndices(const FieldSpec& field, const v1::Block& block) {
  const size_t count = block.shape(block.shape_size() - 1);
  const size_t rows = block.data().size() / sizeof(float) / count;
  for (size_t row = 0; row < rows; ++row) {
    const uint32_t choices = field.choices[row % field.width];
    const char* data = BlockRow(block, row, count, 0);
    for (size_t i = 0; i < count; ++i) {
      float value;
      std::memcpy(&value, data + i * sizeof(value), sizeof(value));
      if (value >= 0 && value < static_cast<float>(choices) && std::trunc(value) == value) continue;
      return {v1::OUT_OF_RANGE,
              absl::StrCat(NameOf(block), " holds ", value, ", which is none of ", choices, " choices")};
    }
  }
  return {};
}

Verdict CheckNumbers(const FieldSpec& field, const v1::Block& block) {
  const FieldKind* kind = field.kind;
  const std::string& data = block.data();
  float largest = 0;
  bool finite = true;
  for (size_t i = 0; i < data.size(); i += sizeof(float)) {
    float value;
    std::memcpy(&value, data.data() + i, sizeof(value));
    const float magnitude = std::fabs(value);
    finite &= magnitude <= kAnyFiniteNumber;  // false for NaN
    largest = magnitude > largest ? magnitude : largest;
  }
  if (!finite) return {v1::NOT_FINITE, NameOf(block)};
  if (largest > kind->largest)
    return {v1::OUT_OF_RANGE, absl::StrCat(NameOf(block), " holds a value beyond ", kind->largest)};
  return field.choices.empty() ? Verdict() : CheckIndices(field, block);
}

}  // namespace

size_t EpisodeBytes(const TrajectoryLayout& layout, size_t steps) { return layout.width() * steps * sizeof(float); }

void AppendBlocks(const TrajectoryBatch& batch, size_t first, size_t count, v1::Trajectory& message) {
  for (const FieldSpec& field : batch.layout().fields()) {
    const ConstView3 array = batch.Of(field.kind->id);
    v1::Block* block = message.add_blocks();
    block->set_field(field.kind->id);
    for (const uint32_t axis : field.Shape(array.planes, count)) block->add_shape(axis);
    std::string& data = *block->mutable_data();
    data.reserve(array.planes * array.rows * count * sizeof(float));
    for (size_t t = 0; t < array.planes; ++t) {
      for (size_t r = 0; r < array.rows; ++r)
        data.append(reinterpret_cast<const char*>(array.plane(t).row(r) + first), count * sizeof(float));
    }
  }
}

Verdict CheckBlocks(const TrajectoryLayout& layout, size_t steps, size_t count, const v1::Trajectory& message) {
  const auto fields = static_cast<int>(layout.fields().size());
  if (message.blocks_size() != fields)
    return WrongShape(std::to_string(message.blocks_size()) + " blocks, not " + std::to_string(fields));
  for (int i = 0; i < fields; ++i) {
    Verdict verdict = CheckBlock(layout.fields()[static_cast<size_t>(i)], steps, count, message.blocks(i), i);
    if (!verdict.accepted()) return verdict;
  }
  return {};
}

Verdict CheckNumbers(const TrajectoryLayout& layout, const v1::Trajectory& message) {
  for (int i = 0; i < message.blocks_size(); ++i) {
    Verdict verdict = CheckNumbers(layout.fields()[static_cast<size_t>(i)], message.blocks(i));
    if (!verdict.accepted()) return verdict;
  }
  return {};
}

std::string PayloadSha256(const v1::Trajectory& message) {
  Sha256 hash;
  for (const v1::Block& block : message.blocks()) hash.Update(block.data());
  for (const v1::MeasureBlock& measure : message.measures()) {
    hash.Update(std::string_view(reinterpret_cast<const char*>(measure.values().data()),
                                 static_cast<size_t>(measure.values_size()) * sizeof(double)));
  }
  return hash.Finish();
}

const char* BlockRow(const v1::Block& block, size_t row, size_t count, size_t column) {
  return block.data().data() + (row * count + column) * sizeof(float);
}

}  // namespace nmn::trajectory
