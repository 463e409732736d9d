#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nmn::text {

// "1 update", "2 updates", "0 updates": so many of what `noun` names, whose plural ends with s.
std::string Counted(uint64_t number, std::string_view noun);

}  // namespace nmn::text
