#include "learner/run/generation.h"

#include <chrono>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/fs/own_file.h"

namespace nmn::run {
namespace {

uint32_t SecondsSince1970() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

}  // namespace

absl::StatusOr<Generation> RaiseGeneration(fs::FileSystem& fs, const std::string& directory, bool resumed) {
  const std::string path = directory + "/generation";
  if (absl::Status status = fs::MakeOwnFile(path); !status.ok()) return status;
  const absl::StatusOr<std::string> text = fs.Read(path);
  if (!text.ok() && !absl::IsNotFound(text.status())) return text.status();
  uint32_t last = 0;
  if (text.ok() && (!absl::SimpleAtoi(*text, &last) || last == UINT32_MAX)) {
    return absl::DataLossError(absl::StrCat(
        path,
        " must hold one whole number below 4294967295; where a newer program wrote it, use that one, else write one "
        "above every earlier generation, e.g. 1000"));
  }
  const bool was_lost = resumed && !text.ok();
  if (was_lost) last = SecondsSince1970();
  const uint32_t count = last + 1;
  if (absl::Status status = fs::WriteAtomically(fs, path, absl::StrCat(count, "\n")); !status.ok()) return status;
  return Generation{count, was_lost};
}

}  // namespace nmn::run
