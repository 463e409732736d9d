#include "cli/report/output.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/fs/file_system.h"

namespace nmn::report {

std::string CsvCell(const std::string& text) { return absl::StrCat("\"", text, "\""); }

absl::Status PrepareOutput(const std::vector<Run>& runs, const std::string& out) {
  if (runs.empty()) return absl::InvalidArgumentError("no run directory was given");
  for (const Run& run : runs) {
    if (run.config.benchmark() != runs[0].config.benchmark()) {
      return absl::InvalidArgumentError(absl::StrCat(runs[0].path, " is of benchmark ", runs[0].config.benchmark(),
                                                     " and ", run.path, " of ", run.config.benchmark(),
                                                     "; one figure holds one benchmark"));
    }
  }
  std::error_code error;
  std::filesystem::create_directories(out, error);
  if (error) return absl::InvalidArgumentError(absl::StrCat("cannot create ", out, ": ", error.message()));
  return absl::OkStatus();
}

absl::Status WriteText(const std::string& path, const std::string& text) {
  return fs::WriteAtomically(fs::RealFileSystem(), path, text);
}

}  // namespace nmn::report
