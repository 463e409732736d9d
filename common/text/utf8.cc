#include "common/text/utf8.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace nmn::text {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";

// Bytes of the character that begins `text`, which is not empty; 0 where it is not well-formed (RFC 3629: no longer
// form than needed, no surrogate, nothing above U+10FFFF).
size_t CharacterLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                     (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return wrong ? 0 : length;
}

// Whether the well-formed character is one that a terminal may obey: of C0 but newline and tab, DEL, or of C1.
bool IsControl(std::string_view character) {
  const unsigned char first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return (first < 0x20 && first != '\n' && first != '\t') || first == 0x7F;
  return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

}  // namespace

std::string ValidUtf8(std::string_view bytes) {
  std::string valid;
  while (!bytes.empty()) {
    const size_t length = CharacterLength(bytes);
    if (length == 0) {
      valid += kReplacement;
    } else {
      valid += bytes.substr(0, length);
    }
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return valid;
}

std::string Printable(std::string_view bytes) {
  std::string printable;
  while (!bytes.empty()) {
    const size_t length = CharacterLength(bytes);
    const std::string_view taken = bytes.substr(0, length == 0 ? 1 : length);
    if (length == 0 || IsControl(taken)) {
      for (const char byte : taken)
        absl::StrAppend(&printable, "\\x", absl::Hex(static_cast<unsigned char>(byte), absl::kZeroPad2));
    } else {
      printable += taken;
    }
    bytes.remove_prefix(taken.size());
  }
  return printable;
}

}  // namespace nmn::text
