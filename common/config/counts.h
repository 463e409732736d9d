#pragma once

#include <string_view>

namespace nmn::config {

// Whether the field of RunConfig at a dotted path counts in the hash. What does not may change between a run's starts.
bool CountsInHash(std::string_view path);

}  // namespace nmn::config
