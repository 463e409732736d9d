#pragma once

#include <string>
#include <string_view>

namespace nmn::text {

// `bytes` as UTF-8: what is none becomes U+FFFD. A path may hold any bytes; JSON and Prometheus' text may not.
std::string ValidUtf8(std::string_view bytes);

// `bytes` for a person's terminal, which would obey some of them: a byte of a control character other than newline and
// tab, and one that is no UTF-8, becomes "\x1b", as a shell writes it within $'..'.
std::string Printable(std::string_view bytes);

}  // namespace nmn::text
