#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/tensor/named_tensor.h"

namespace nmn {

// SHA-256 (OpenSSL), fed in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void Update(std::string_view bytes);
  std::string Finish();  // 32 bytes; once

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string Sha256Of(std::string_view bytes);  // 32 bytes
std::string Hex(std::string_view bytes);

// weights_sha256 of docs/specification.md section 3.12: raw little-endian float32 of the tensors in order, no metadata;
// hexadecimal.
std::string WeightsSha256(const std::vector<NamedTensor>& weights);

}  // namespace nmn
