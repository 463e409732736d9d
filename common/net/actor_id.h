#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace nmn::net {

inline constexpr size_t kLongestActorId = 64;

// [a-z0-9-]{1,64}
inline bool IsActorId(std::string_view id) {
  return !id.empty() && id.size() <= kLongestActorId && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace nmn::net
