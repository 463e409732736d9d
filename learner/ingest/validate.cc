#include "learner/ingest/validate.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include "common/digest/sha256.h"

namespace nmn::ingest {
namespace {

static_assert(std::endian::native == std::endian::little, "blocks are little-endian and are used as they are");

Verdict WrongShape(const std::string& detail) { return {v1::WRONG_SHAPE, detail}; }

std::string FieldName(const v1::Block& block) {
  return v1::Field_IsValid(block.field()) ? v1::Field_Name(block.field()) : "an unknown field";
}

Verdict CheckBlock(const BatchShape& shape, uint32_t count, int index, const v1::Block& block) {
  const auto expected = static_cast<v1::Field>(v1::OBSERVATION + index);
  if (block.field() != expected)
    return WrongShape("block " + std::to_string(index) + " is not " + v1::Field_Name(expected));
  const bool observation = expected == v1::OBSERVATION;
  const bool shape_fits = observation
                              ? block.shape_size() == 3 && block.shape(0) == shape.horizon &&
                                    block.shape(1) == shape.observation_size && block.shape(2) == count
                              : block.shape_size() == 2 && block.shape(0) == shape.horizon && block.shape(1) == count;
  const size_t floats = size_t{shape.horizon} * (observation ? shape.observation_size : 1) * count;
  if (!shape_fits) return WrongShape("the shape of " + FieldName(block) + " is not the config's");
  if (block.data().size() != floats * sizeof(float)) {
    return WrongShape(FieldName(block) + " has " + std::to_string(block.data().size()) + " bytes, its shape needs " +
                      std::to_string(floats * sizeof(float)));
  }
  return {};
}

Verdict CheckValues(const v1::Block& block) {
  const bool of_environment =
      block.field() == v1::OBSERVATION || block.field() == v1::ACTION || block.field() == v1::REWARD;
  const std::string& data = block.data();
  float largest = 0;
  bool finite = true;
  for (size_t i = 0; i < data.size(); i += sizeof(float)) {
    float value;
    std::memcpy(&value, data.data() + i, sizeof(value));
    const float magnitude = std::fabs(value);
    finite &= magnitude <= std::numeric_limits<float>::max();  // false for NaN
    largest = magnitude > largest ? magnitude : largest;
  }
  if (!finite) return {v1::NOT_FINITE, FieldName(block)};
  if (of_environment && largest > kLargestEnvironmentValue) {
    return {v1::OUT_OF_RANGE, FieldName(block) + " holds a value beyond 1e6"};
  }
  return {};
}

}  // namespace

Verdict CheckShape(const BatchShape& shape, const v1::Trajectory& trajectory) {
  const uint64_t unit_end = uint64_t{trajectory.unit().first_episode()} + trajectory.unit().count();
  const uint64_t end = uint64_t{trajectory.first_episode()} + trajectory.count();
  if (trajectory.count() == 0 || trajectory.first_episode() < trajectory.unit().first_episode() || end > unit_end ||
      unit_end > shape.episodes) {
    return {v1::MALFORMED, "episodes that are not of the unit"};
  }
  if (trajectory.blocks_size() != static_cast<int>(kScalarFields) + 1) {
    return WrongShape(std::to_string(trajectory.blocks_size()) + " blocks, not 6");
  }
  for (int i = 0; i < trajectory.blocks_size(); ++i) {
    if (Verdict verdict = CheckBlock(shape, trajectory.count(), i, trajectory.blocks(i)); !verdict.accepted())
      return verdict;
  }
  if (trajectory.measures_size() != static_cast<int>(shape.measures.size()))
    return WrongShape("the number of measures");
  for (int m = 0; m < trajectory.measures_size(); ++m) {
    const v1::MeasureBlock& measure = trajectory.measures(m);
    if (measure.name() != shape.measures[static_cast<size_t>(m)]) return WrongShape("the name of a measure");
    if (measure.values_size() != static_cast<int>(trajectory.count())) return WrongShape("measure " + measure.name());
  }
  return {};
}

Verdict CheckPayload(const v1::Trajectory& trajectory) {
  if (trajectory.sha256() != PayloadSha256(trajectory))
    return {v1::DIGEST_MISMATCH, "the payload is not what its SHA-256 says"};
  for (const v1::Block& block : trajectory.blocks()) {
    if (Verdict verdict = CheckValues(block); !verdict.accepted()) return verdict;
  }
  for (const v1::MeasureBlock& measure : trajectory.measures()) {
    for (const double value : measure.values()) {
      if (!std::isfinite(value)) return {v1::NOT_FINITE, "measure " + measure.name()};
    }
  }
  return {};
}

std::string PayloadSha256(const v1::Trajectory& trajectory) {
  Sha256 hash;
  for (const v1::Block& block : trajectory.blocks()) hash.Update(block.data());
  for (const v1::MeasureBlock& measure : trajectory.measures()) {
    hash.Update(std::string_view(reinterpret_cast<const char*>(measure.values().data()),
                                 static_cast<size_t>(measure.values_size()) * sizeof(double)));
  }
  return hash.Finish();
}

}  // namespace nmn::ingest
