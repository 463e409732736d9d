#include "common/build/newer.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/build/build.h"

namespace nmn::build {

std::string Program() { return absl::StrCat("nmn ", Version(), " (commit ", Commit(), ")"); }

absl::Status NewerError(std::string_view what, std::string_view program, std::string_view knows) {
  return absl::UnimplementedError(absl::StrCat(std::string(what), program.empty() ? "" : " (written by ",
                                               std::string(program), program.empty() ? "" : ")",
                                               ": it is newer than this program, ", Program(), ", which knows ",
                                               std::string(knows), "; use the newer program; nothing was changed"));
}

bool IsNewer(const absl::Status& status) { return absl::IsUnimplemented(status); }

absl::Status CheckFormat(std::string_view format, std::string_view prefix, uint32_t known, std::string_view program) {
  uint32_t number = 0;
  const bool ours = format.substr(0, prefix.size()) == prefix &&
                    absl::SimpleAtoi(std::string(format.substr(std::min(prefix.size(), format.size()))), &number);
  if (ours && number == known) return absl::OkStatus();
  if (ours && number > known) {
    return NewerError(absl::StrCat("its format is ", std::string(format)), program,
                      absl::StrCat(std::string(prefix), known));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("its format is \"", std::string(format), "\", not \"", std::string(prefix), known, "\""));
}

}  // namespace nmn::build
