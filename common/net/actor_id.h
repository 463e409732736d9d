#pragma once

#include <algorithm>
#include <string_view>

namespace nmn::net {

// [a-z0-9-]{1,64}
inline bool IsActorId(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace nmn::net
