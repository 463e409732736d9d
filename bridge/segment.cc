#include "bridge/segment.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"

namespace nmn::bridge {
namespace {

// Of a cache line, so that no two arrays share one.
constexpr size_t kAlignment = 64;

size_t Aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

Segment::Segment(size_t max_lanes, size_t observation_size, size_t action_width, fs::Descriptor memory)
    : max_lanes_(max_lanes),
      observation_size_(observation_size),
      action_width_(action_width),
      memory_(std::move(memory)),
      places_{{"control", "i4", 4, 3, 1, false, 0},
              {"trial_seed", "u4", 4, max_lanes, 1, false, 0},
              {"task_seed", "u4", 4, max_lanes, 1, false, 0},
              {"action", "f4", 4, max_lanes, action_width, true, 0},
              {"observation", "f4", 4, max_lanes, observation_size, true, 0},
              {"reward", "f4", 4, max_lanes, 1, false, 0},
              {"trial_end", "u1", 1, max_lanes, 1, false, 0},
              {"final_observation", "f4", 4, max_lanes, observation_size, true, 0}} {
  for (Place& place : places_) {
    place.offset = bytes_;
    bytes_ += Aligned(place.item * place.rows * place.columns);
  }
}

absl::StatusOr<Segment> Segment::Create(size_t max_lanes, size_t observation_size, size_t action_width) {
  Segment segment(max_lanes, observation_size, action_width,
                  fs::Descriptor(memfd_create("nmn-task", MFD_CLOEXEC | MFD_ALLOW_SEALING)));
  if (!segment.memory_.ok()) return fs::SystemError("make", "memory to share with a worker", errno);
  if (ftruncate(segment.descriptor(), static_cast<off_t>(segment.bytes_)) != 0)
    return fs::SystemError("size", "memory to share with a worker", errno);
  // A task that cut it would end both processes with SIGBUS.
  if (fcntl(segment.descriptor(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return fs::SystemError("seal", "memory to share with a worker", errno);
  void* base = mmap(nullptr, segment.bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, segment.descriptor(), 0);
  if (base == MAP_FAILED) return fs::SystemError("map", "memory to share with a worker", errno);
  segment.base_ = static_cast<unsigned char*>(base);
  return segment;
}

Segment::Segment(Segment&& other) noexcept
    : max_lanes_(other.max_lanes_),
      observation_size_(other.observation_size_),
      action_width_(other.action_width_),
      memory_(std::move(other.memory_)),
      bytes_(other.bytes_),
      base_(std::exchange(other.base_, nullptr)) {
  std::copy(std::begin(other.places_), std::end(other.places_), places_);
}

Segment::~Segment() {
  if (base_ != nullptr) munmap(base_, bytes_);
}

std::string Segment::Description() const {
  nlohmann::json description = {{"bytes", bytes_}};
  for (const Place& place : places_) {
    const nlohmann::json shape =
        place.has_columns ? nlohmann::json{place.rows, place.columns} : nlohmann::json::array({place.rows});
    description["arrays"][place.name] = {place.type, shape, place.offset};
  }
  return description.dump();
}

}  // namespace nmn::bridge
