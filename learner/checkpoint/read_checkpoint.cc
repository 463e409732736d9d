#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/digest/sha256.h"
#include "common/safetensors/safetensors.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "learner/checkpoint/checkpoint.h"
#include "learner/checkpoint/layout.h"

namespace nmn::checkpoint {
namespace {

constexpr size_t kUpdateDigits = 8;

absl::Status Corrupt(const std::string& path, const std::string& reason) {
  return absl::DataLossError(absl::StrCat(path, " ", reason));
}

// A file that is not there is as bad as one that is altered.
absl::StatusOr<std::string> ReadFile(fs::FileSystem& fs, const std::string& path) {
  absl::StatusOr<std::string> content = fs.Read(path);
  if (absl::IsNotFound(content.status())) return Corrupt(path, "is missing");
  return content;
}

// A manifest's mistakes are told by its reader in a line; protobuf's own words would go to stderr.
class Silent : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, int, const std::string&) override {}
};

absl::StatusOr<v1::CheckpointManifest> ReadManifest(fs::FileSystem& fs, const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/", kManifest);
  const absl::StatusOr<std::string> text = ReadFile(fs, path);
  if (!text.ok()) return text.status();
  v1::CheckpointManifest manifest;
  google::protobuf::TextFormat::Parser parser;
  Silent silent;
  parser.RecordErrorsTo(&silent);
  if (!parser.ParseFromString(*text, &manifest) || ManifestText(manifest) != *text) return Corrupt(path, "is altered");
  if (manifest.format() != kFormat) {
    return Corrupt(path, absl::StrCat("has format ", manifest.format(), "; this build reads format ", kFormat));
  }
  const std::optional<uint32_t> update = UpdateOfFolder(std::filesystem::path(folder).filename().string());
  if (update.has_value() && *update != manifest.update()) {
    return Corrupt(path, absl::StrCat("is of update ", manifest.update(), ", not of its folder's"));
  }
  if (manifest.files_size() != 3 || manifest.files(0).name() != kWeights || manifest.files(1).name() != kOptimizer ||
      manifest.files(2).name() != kState) {
    return Corrupt(path, "does not list the files of a checkpoint");
  }
  return manifest;
}

absl::StatusOr<std::string> ReadListed(fs::FileSystem& fs, const std::string& folder, const v1::ManifestFile& file) {
  const std::string path = absl::StrCat(folder, "/", file.name());
  absl::StatusOr<std::string> content = ReadFile(fs, path);
  if (!content.ok()) return content;
  if (content->size() != file.bytes()) {
    return Corrupt(path, absl::StrCat("has ", content->size(), " bytes; its MANIFEST says ", file.bytes()));
  }
  if (Hex(Sha256Of(*content)) != file.sha256()) return Corrupt(path, "is altered: its SHA-256 is not its MANIFEST's");
  return content;
}

absl::StatusOr<std::vector<NamedTensor>> ReadTensors(fs::FileSystem& fs, const std::string& folder,
                                                     const v1::ManifestFile& file) {
  const absl::StatusOr<std::string> content = ReadListed(fs, folder, file);
  if (!content.ok()) return content.status();
  absl::StatusOr<SafetensorsFile> decoded = DecodeSafetensors(*content);
  if (!decoded.ok()) return Corrupt(absl::StrCat(folder, "/", file.name()), std::string(decoded.status().message()));
  return std::move(decoded->tensors);
}

}  // namespace

std::string FolderName(uint32_t update) {
  char name[32];
  std::snprintf(name, sizeof(name), "ckpt-%0*u", static_cast<int>(kUpdateDigits), update);
  return name;
}

std::optional<uint32_t> UpdateOfFolder(const std::string& name, const std::string& suffix) {
  const std::string prefix = "ckpt-";
  if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() < prefix.size() + suffix.size())
    return std::nullopt;
  uint32_t update = 0;
  const std::string digits = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
  if (!absl::SimpleAtoi(digits, &update) || name != FolderName(update) + suffix) return std::nullopt;
  return update;
}

std::string ManifestText(const v1::CheckpointManifest& manifest) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(manifest, &text);
  return text;
}

absl::StatusOr<Checkpoint> ReadCheckpoint(fs::FileSystem& fs, const std::string& folder) {
  const absl::StatusOr<v1::CheckpointManifest> manifest = ReadManifest(fs, folder);
  if (!manifest.ok()) return manifest.status();
  absl::StatusOr<std::vector<NamedTensor>> weights = ReadTensors(fs, folder, manifest->files(0));
  if (!weights.ok()) return weights.status();
  absl::StatusOr<std::vector<NamedTensor>> optimizer = ReadTensors(fs, folder, manifest->files(1));
  if (!optimizer.ok()) return optimizer.status();
  const absl::StatusOr<std::string> bytes = ReadListed(fs, folder, manifest->files(2));
  if (!bytes.ok()) return bytes.status();
  const std::string path = absl::StrCat(folder, "/", kState);
  Checkpoint checkpoint;
  if (!checkpoint.state.ParseFromString(*bytes)) return Corrupt(path, "is not a CheckpointState");
  if (checkpoint.state.format() != kFormat) {
    return Corrupt(path, absl::StrCat("has format ", checkpoint.state.format(), "; this build reads format ", kFormat));
  }
  if (checkpoint.state.update() != manifest->update()) {
    return Corrupt(path, absl::StrCat("is of update ", checkpoint.state.update(), ", not ", manifest->update()));
  }
  checkpoint.weights = *std::move(weights);
  checkpoint.optimizer = *std::move(optimizer);
  return checkpoint;
}

}  // namespace nmn::checkpoint
