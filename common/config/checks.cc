#include "common/config/checks.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace nmn::config {

std::string NumberText(double value) {
  if (std::isfinite(value) && value == std::floor(value) && std::abs(value) < 1e15) {
    return absl::StrCat(static_cast<int64_t>(value));
  }
  for (int digits = 6; digits < 17; ++digits) {
    char text[40];
    std::snprintf(text, sizeof(text), "%.*g", digits, value);
    if (std::strtod(text, nullptr) == value || !std::isfinite(value)) return text;
  }
  char text[40];
  std::snprintf(text, sizeof(text), "%.17g", value);
  return text;
}

void Checks::Text(const std::string& path, const std::string& value, bool good, const std::string& rule,
                  const std::string& hint) {
  if (good || !status_.ok()) return;
  status_ = absl::InvalidArgumentError(absl::StrCat(path, " is ", value, "; it must be ", rule,
                                                    hint.empty() ? "" : " (", hint, hint.empty() ? "" : ")"));
}

void Checks::Number(const std::string& path, double value, bool good, const std::string& rule,
                    const std::string& hint) {
  Text(path, NumberText(value), good, rule, hint);
}

void Checks::Range(const std::string& path, double value, double low, double high, const std::string& hint) {
  Number(path, value, value >= low && value <= high, absl::StrCat("from ", NumberText(low), " to ", NumberText(high)),
         hint);
}

void Checks::Take(const absl::Status& status) {
  if (status_.ok()) status_ = status;
}

}  // namespace nmn::config
