#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/tensor/named_tensor.h"

namespace nmn {

// The safetensors format: 8 bytes little-endian length of a JSON header, the header (padded with spaces to a multiple
// of 8), the data. Writes float32. Tensors are written in the given order; `metadata` becomes "__metadata__".
std::string EncodeSafetensors(const std::vector<NamedTensor>& tensors,
                              const std::map<std::string, std::string>& metadata);

struct SafetensorsFile {
  std::vector<NamedTensor> tensors;  // in the order of their data
  std::map<std::string, std::string> metadata;
};
// Reads F32, and F16, BF16 and F64 as float32 where that loses nothing. DATA_LOSS with the reason for anything
// malformed: lengths, overlaps, gaps, other types, and for a number that no float32 equals. Never allocates from the
// file's own numbers before they are checked against its size.
absl::StatusOr<SafetensorsFile> DecodeSafetensors(std::string_view bytes);

}  // namespace nmn
