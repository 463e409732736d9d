#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace nmn::text {

// What a person's editor may put before a text: the mark of UTF-8 is dropped; the marks of UTF-16 and UTF-32 are
// INVALID_ARGUMENT, which names the file and says to save it as UTF-8.
absl::StatusOr<std::string> WithoutByteOrderMark(std::string_view bytes, std::string_view file);

}  // namespace nmn::text
