#include "cli/report/style.h"

#include <cmath>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/text/number.h"

namespace nmn::report {
namespace {

constexpr double kCentimetresPerInch = 2.54;
constexpr double kLeastCentimetres = 2, kMostCentimetres = 100;

// The numbers on either side of `separator`, and nothing else.
std::optional<std::pair<double, double>> TwoNumbers(std::string_view whole, char separator) {
  const size_t at = whole.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const std::optional<double> first = text::ReadDecimal(whole.substr(0, at)),
                              second = text::ReadDecimal(whole.substr(at + 1));
  if (!first || !second) return std::nullopt;
  return std::pair(*first, *second);
}

}  // namespace

absl::StatusOr<Inches> ParseSize(const std::string& text) {
  absl::string_view numbers = text;
  const bool inches = absl::ConsumeSuffix(&numbers, "in");
  if (!inches) absl::ConsumeSuffix(&numbers, "cm");
  const double to_centimetres = inches ? kCentimetresPerInch : 1;
  const auto size = TwoNumbers(std::string(numbers), 'x');
  const auto fits = [&](double length) {
    return length * to_centimetres >= kLeastCentimetres && length * to_centimetres <= kMostCentimetres;
  };
  if (!size || !fits(size->first) || !fits(size->second)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--size is \"", text, "\"; it must be WIDTHxHEIGHT of 2 to 100 cm, in cm or inches, e.g. 12x8cm or 3.5x2.5in"));
  }
  const double to_inches = to_centimetres / kCentimetresPerInch;
  return Inches{size->first * to_inches, size->second * to_inches};
}

absl::StatusOr<Limits> ParseLimits(const std::string& text) {
  const auto limits = TwoNumbers(text, ':');
  if (!limits || !(limits->first < limits->second) || !std::isfinite(limits->second - limits->first)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--y_range is \"", text, "\"; it must be LOW:HIGH with LOW below HIGH, neither beyond 1e307, e.g. -2000:5000"));
  }
  return Limits{limits->first, limits->second};
}

}  // namespace nmn::report
