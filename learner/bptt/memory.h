#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace nmn::bptt {

struct FreeMemory {
  void operator()(float* data) const { std::free(data); }
};
using Memory = std::unique_ptr<float[], FreeMemory>;

// Zeroed floats, aligned for vectors; large ones in huge pages where the kernel grants them: activations are walked
// once forward and once backward, and with small pages address translation is a tenth of the time of a large network.
// std::bad_alloc where there is no memory, as from new.
Memory AllocateMemory(size_t floats);

}  // namespace nmn::bptt
