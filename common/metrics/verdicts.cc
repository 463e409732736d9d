#include "common/metrics/verdicts.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace nmn::metrics {

std::vector<std::pair<v1::RejectReason, std::string>> Verdicts() {
  std::vector<std::pair<v1::RejectReason, std::string>> verdicts;
  for (int number = v1::RejectReason_MIN; number <= v1::RejectReason_MAX; ++number) {
    if (!v1::RejectReason_IsValid(number) || number == v1::REJECT_REASON_UNSPECIFIED) continue;
    const auto reason = static_cast<v1::RejectReason>(number);
    verdicts.emplace_back(reason, absl::AsciiStrToLower(v1::RejectReason_Name(reason)));
  }
  return verdicts;
}

}  // namespace nmn::metrics
