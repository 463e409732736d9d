#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nmn {

// A float32 tensor with its name, as stored in safetensors files; row-major.
struct NamedTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> values;

  bool operator==(const NamedTensor&) const = default;
};

}  // namespace nmn
