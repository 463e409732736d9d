#include "cli/file_of_run.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace nmn::cli {
namespace {

constexpr std::array<std::string_view, 9> kFiles = {
    "config.textproto",   "metrics.jsonl",           "episodes.csv", "events.jsonl", "generation",
    "policy.safetensors", "policy-best.safetensors", "summary.json", ".lock"};
constexpr std::string_view kCheckpoints = "checkpoints";

bool IsRun(const std::filesystem::path& folder) {
  std::error_code error;
  return std::filesystem::exists(folder / "config.textproto", error);
}

}  // namespace

absl::Status RefuseFileOfRun(const std::string& flag, const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  std::error_code error;
  const std::filesystem::path file = std::filesystem::weakly_canonical(path, error);
  if (error) return absl::OkStatus();  // whoever writes it says what is wrong
  const bool is_own = std::find(kFiles.begin(), kFiles.end(), file.filename().string()) != kFiles.end();
  std::filesystem::path run = is_own && IsRun(file.parent_path()) ? file.parent_path() : "";
  for (std::filesystem::path at = file.parent_path(); run.empty() && at.has_relative_path(); at = at.parent_path()) {
    if (at.filename() == kCheckpoints && IsRun(at.parent_path())) run = at.parent_path();
  }
  if (run.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(flag, "=", path, " is a file that the run ", run.string(),
                                                 " keeps for itself; choose another name"));
}

}  // namespace nmn::cli
