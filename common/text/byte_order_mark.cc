#include "common/text/byte_order_mark.h"

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace nmn::text {

absl::StatusOr<std::string> WithoutByteOrderMark(std::string_view bytes, std::string_view file) {
  std::string text(bytes);
  if (absl::StartsWith(text, "\xEF\xBB\xBF")) return text.substr(3);
  // That of UTF-32, little end first, begins as that of UTF-16.
  if (absl::StartsWith(text, "\xFF\xFE") || absl::StartsWith(text, "\xFE\xFF") ||
      absl::StartsWith(text, std::string("\0\0\xFE\xFF", 4))) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(file), " is UTF-16 or UTF-32, by its first bytes; save it as UTF-8"));
  }
  return text;
}

}  // namespace nmn::text
