#pragma once

#include <string>
#include <string_view>

namespace nmn::text {

// `bytes` as UTF-8: what is none becomes U+FFFD. A path may hold any bytes; JSON and Prometheus' text may not.
std::string ValidUtf8(std::string_view bytes);

}  // namespace nmn::text
