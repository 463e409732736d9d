#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nmn::run {

// TensorBoard's event files, written without TensorFlow: a sequence of records, each an Event message
// (tensorflow/core/util/event.proto).
//
//   record: uint64 length | uint32 masked CRC of the length | data | uint32 masked CRC of the data       all
//   little-endian Event:  double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5 Summary:
//   repeated Value { string tag = 1; float simple_value = 2 } = 1

// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
uint32_t Crc32c(std::string_view bytes);

std::string TfRecord(std::string_view data);

// The record that begins a file: version "brain.Event:2". Times are seconds since 1970.
std::string FileVersionRecord(double wall_time);
// One point of each scalar, at `step`.
std::string ScalarsRecord(double wall_time, int64_t step, const std::vector<std::pair<std::string, double>>& scalars);

}  // namespace nmn::run
