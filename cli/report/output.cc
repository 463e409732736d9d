#include "cli/report/output.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/env/environment.h"
#include "common/fs/file_system.h"

namespace nmn::report {

std::string CsvCell(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

std::string PlainCsvCell(const std::string& text) {
  return text.find_first_of(",\"\n\r") == std::string::npos ? text : CsvCell(text);
}

std::string TitleOf(const std::vector<Run>& runs) {
  const absl::StatusOr<env::EnvironmentSpec> spec = env::FindSpec(runs[0].config.benchmark());
  std::string title = spec.ok() ? spec->title : runs[0].config.benchmark();
  if (!title.empty()) title[0] = absl::ascii_toupper(static_cast<unsigned char>(title[0]));
  return title;
}

absl::Status PrepareOutput(const std::vector<Run>& runs, const std::string& out) {
  if (runs.empty()) return absl::InvalidArgumentError("no run directory was given");
  for (const Run& run : runs) {
    if (run.config.benchmark() != runs[0].config.benchmark()) {
      return absl::InvalidArgumentError(absl::StrCat(runs[0].path, " is of benchmark ", runs[0].config.benchmark(),
                                                     " and ", run.path, " of ", run.config.benchmark(),
                                                     "; one figure holds one benchmark"));
    }
  }
  return fs::RealFileSystem().CreateDirectories(out);
}

absl::Status WriteText(const std::string& path, const std::string& text) {
  const absl::StatusOr<fs::Target> target = fs::RealFileSystem().FollowLinks(path);
  if (target.ok() && target->kind == fs::Target::Kind::kOther) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot write ", path, ": it is a pipe, a socket or a device, and no file"));
  }
  return fs::WriteAtomically(fs::RealFileSystem(), path, text);
}

}  // namespace nmn::report
