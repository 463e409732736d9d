#include "cli/own_file.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace nmn::cli {
namespace {

namespace stdfs = std::filesystem;

// A folder that keeps files and folders for itself, and the file that tells it from others.
struct Keeper {
  std::string_view name;
  std::string_view marker;
  std::vector<std::string_view> files;
  std::vector<std::string_view> folders;
};

const std::array<Keeper, 3>& Keepers() {
  static const auto& keepers = *new std::array<Keeper, 3>{{
      {"run",
       "config.textproto",
       {"config.textproto", "metrics.jsonl", "episodes.csv", "events.jsonl", "events.out.tfevents.nmn", "generation",
        "policy.safetensors", "policy-best.safetensors", "summary.json", ".lock"},
       {"checkpoints"}},
      {"sweep",
       "sweep.json",
       {"sweep.json", "runs.txt", "sweep.sbatch", "targets.json", ".lock"},
       {"configs", "logs", "kubernetes", "certs"}},
      {"folder of certificates", "ca.crt", {"ca.crt", "ca.key", "issued.txt", "tls.crt", "tls.key", ".lock"}, {}},
  }};
  return keepers;
}

bool Has(const std::vector<std::string_view>& names, const stdfs::path& name) {
  return std::find(names.begin(), names.end(), name.string()) != names.end();
}

bool IsThere(const stdfs::path& file) {
  std::error_code error;
  return stdfs::exists(file, error);
}

// The folder of this kind that has `file`; "" where none does.
stdfs::path FolderOf(const Keeper& keeper, const stdfs::path& file) {
  if (Has(keeper.files, file.filename()) && IsThere(file.parent_path() / keeper.marker)) return file.parent_path();
  for (stdfs::path at = file.parent_path(); at.has_relative_path(); at = at.parent_path()) {
    if (Has(keeper.folders, at.filename()) && IsThere(at.parent_path() / keeper.marker)) return at.parent_path();
  }
  return "";
}

}  // namespace

absl::Status RefuseOwnFile(const std::string& flag, const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  std::error_code error;
  const stdfs::path file = stdfs::weakly_canonical(path, error);
  if (error) return absl::OkStatus();  // whoever writes it says what is wrong
  for (const Keeper& keeper : Keepers()) {
    const stdfs::path folder = FolderOf(keeper, file);
    if (folder.empty()) continue;
    return absl::InvalidArgumentError(absl::StrCat(flag, "=", path, " is a file that the ", std::string(keeper.name),
                                                   " ", folder.string(), " keeps for itself; choose another name"));
  }
  return absl::OkStatus();
}

absl::Status RefuseFileForFolder(const std::string& flag, const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  static const auto& known = *new std::vector<std::string>{".csv", ".eps", ".gif",   ".html", ".jpeg", ".jpg", ".json",
                                                           ".npz", ".pdf", ".jsonl", ".png",  ".svg",  ".txt"};
  const std::string ending = absl::AsciiStrToLower(stdfs::path(path).extension().string());
  std::error_code error;
  if ((path != "-" && std::find(known.begin(), known.end(), ending) == known.end()) || stdfs::is_directory(path, error))
    return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      flag, "=", path, ": it must name a folder, into which several files go; --format chooses the format of figures"));
}

absl::Status RefuseOtherFormat(const std::string& flag, const std::string& path,
                               const std::vector<std::string>& endings, const std::string& advice) {
  // Of files that others write: networks, arrays, tables.
  static const auto& known = *new std::vector<std::string>{
      ".onnx", ".pt",  ".pth", ".ckpt", ".h5",      ".hdf5",    ".keras", ".pb",  ".tflite", ".safetensors", ".bin",
      ".npy",  ".npz", ".mat", ".pkl",  ".pickle",  ".parquet", ".arrow", ".csv", ".tsv",    ".feather",     ".json",
      ".xlsx", ".xls", ".zip", ".gz",   ".msgpack", ".yaml",    ".jsonl", ".txt", ".html",   ".textproto"};
  if (path.empty()) return absl::OkStatus();
  const std::string ending = absl::AsciiStrToLower(stdfs::path(path).extension().string());
  const auto has = [&](const std::vector<std::string>& all) {
    return std::find(all.begin(), all.end(), ending) != all.end();
  };
  if (path != "-" && (has(endings) || !has(known))) return absl::OkStatus();
  std::error_code error;
  if (stdfs::exists(path, error) && !stdfs::is_regular_file(path, error)) return absl::OkStatus();  // a pipe, a device
  return absl::InvalidArgumentError(absl::StrCat(flag, "=", path, ": it must end in ", absl::StrJoin(endings, " or "),
                                                 ", which is what is written; ", advice));
}

}  // namespace nmn::cli
