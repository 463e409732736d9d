#include "learner/run/generation.h"

#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace nmn::run {

absl::StatusOr<uint32_t> RaiseGeneration(fs::FileSystem& fs, const std::string& directory) {
  const std::string path = directory + "/generation";
  const absl::StatusOr<std::string> text = fs.Read(path);
  if (!text.ok() && !absl::IsNotFound(text.status())) return text.status();
  uint32_t last = 0;
  if (text.ok() && (!absl::SimpleAtoi(*text, &last) || last == UINT32_MAX)) {
    return absl::DataLossError(absl::StrCat(
        path,
        " must hold one whole number below 4294967295; where a newer program wrote it, use that one, else write one "
        "above every earlier generation, e.g. 1000"));
  }
  if (absl::Status status = fs::WriteAtomically(fs, path, absl::StrCat(last + 1, "\n")); !status.ok()) return status;
  return last + 1;
}

}  // namespace nmn::run
