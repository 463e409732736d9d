#include "common/text/number.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"

namespace nmn::text {
namespace {

// How many digits `text` begins with.
size_t Digits(std::string_view text) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); }) -
                             text.begin());
}

}  // namespace

std::optional<uint64_t> ReadWhole(std::string_view text, uint64_t most) {
  uint64_t number = 0;
  if (text.empty() || Digits(text) != text.size() || !absl::SimpleAtoi(std::string(text), &number) || number > most)
    return std::nullopt;
  return number;
}

std::optional<int64_t> ReadInteger(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  const uint64_t most = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const std::optional<uint64_t> size = ReadWhole(text.substr(negative ? 1 : 0), most);
  if (!size) return std::nullopt;
  return negative ? -static_cast<int64_t>(*size) : static_cast<int64_t>(*size);
}

bool IsDecimal(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  const size_t whole = Digits(text);
  text.remove_prefix(whole);
  size_t fraction = 0;
  if (!text.empty() && text[0] == '.') {
    fraction = Digits(text.substr(1));
    text.remove_prefix(1 + fraction);
  }
  if (whole + fraction == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return !text.empty() && Digits(text) == text.size();
}

bool Vanished(double number, std::string_view text) {
  const std::string_view digits = text.substr(0, text.find_first_of("eE"));
  return number == 0 && digits.find_first_of("123456789") != std::string_view::npos;
}

std::optional<double> ReadDecimal(std::string_view text) {
  double number = 0;
  if (!IsDecimal(text) || !absl::SimpleAtod(std::string(text), &number) || !std::isfinite(number)) return std::nullopt;
  if (Vanished(number, text)) return std::nullopt;
  return number;
}

std::string Rounded(double number) {
  const double size = std::abs(number);
  const int decimals = size == 0 || size >= 999.5 ? 0 : size >= 99.95 ? 1 : size >= 9.995 ? 2 : 3;
  return absl::StrFormat("%.*f", decimals, number);
}

}  // namespace nmn::text
