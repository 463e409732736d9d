#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace nmn::log {

// Sets up spdlog's default logger on stderr: text on a terminal (coloured where common/terminal says so), one JSON
// object a line otherwise
// ({"time": .., "level": .., "program": .., "message": ..}). Payloads and secrets are never logged.
// `level`: trace, debug, info, warn, error or off; anything else is INVALID_ARGUMENT, naming --log_level and these.
absl::Status SetUp(std::string_view program, std::string_view level);

// `text` as the inside of a JSON string, quotes included; bytes that are no UTF-8 become U+FFFD.
std::string JsonString(std::string_view text);

}  // namespace nmn::log
