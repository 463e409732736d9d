#include "common/text/prefixed.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace nmn::text {

absl::Status Prefixed(std::string_view prefix, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(std::string(prefix), ": ", std::string(status.message())));
}

}  // namespace nmn::text
