#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/build/newer.h"
#include "common/config/task.h"
#include "common/digest/sha256.h"
#include "common/fs/endless.h"
#include "common/safetensors/safetensors.h"
#include "common/text/counted.h"
#include "common/text/quiet_parse.h"
#include "google/protobuf/message.h"
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
  if (!fs::RefuseEndless(path, "").ok()) return Corrupt(path, "is a pipe, a socket or a device");
  std::error_code error;
  static_cast<void>(std::filesystem::status(path, error));
  if (error == std::errc::too_many_symbolic_link_levels) return Corrupt(path, "is a link that leads in a circle");
  absl::StatusOr<std::string> content = fs.Read(path);
  if (absl::IsNotFound(content.status())) return Corrupt(path, "is missing");
  return content;
}

// The number in the first line of a manifest of any format; 0 if there is none.
uint32_t FormatOf(const std::string& manifest) {
  const std::string key = "format: ";
  uint32_t format = 0;
  const std::string line = manifest.substr(0, manifest.find('\n'));
  return line.starts_with(key) && absl::SimpleAtoi(line.substr(key.size()), &format) ? format : 0;
}

// What the metadata of the weights say about it; "" if they cannot be read.
std::string ProgramOf(fs::FileSystem& fs, const std::string& folder) {
  const absl::StatusOr<std::string> bytes = ReadFile(fs, absl::StrCat(folder, "/", kWeights));
  if (!bytes.ok()) return "";
  absl::StatusOr<SafetensorsFile> weights = DecodeSafetensors(*bytes);
  return weights.ok() ? weights->metadata[kProgram] : "";
}

absl::Status Newer(fs::FileSystem& fs, const std::string& folder, const std::string& file, const std::string& has) {
  return build::NewerError(absl::StrCat(folder, "/", file, " has ", has), ProgramOf(fs, folder),
                           absl::StrCat("checkpoints of format ", kFormat));
}

// A bit that flipped in this one number looks the same. Then, too, a person decides, and not the program.
absl::Status CheckNotNewer(fs::FileSystem& fs, const std::string& folder, const std::string& manifest) {
  const uint32_t format = FormatOf(manifest);
  if (format <= kFormat) return absl::OkStatus();
  return Newer(fs, folder, kManifest, absl::StrCat("format ", format));
}

// Whether a field is set, at any depth, that this program does not know.
bool HasUnknownField(const google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (!reflection.GetUnknownFields(message).empty()) return true;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (HasUnknownField(reflection.GetMessage(message, field))) return true;
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      if (HasUnknownField(reflection.GetRepeatedMessage(message, field, i))) return true;
    }
  }
  return false;
}

absl::StatusOr<v1::CheckpointManifest> ReadManifest(fs::FileSystem& fs, const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/", kManifest);
  const absl::StatusOr<std::string> text = ReadFile(fs, path);
  if (!text.ok()) return text.status();
  if (absl::Status status = CheckNotNewer(fs, folder, *text); !status.ok()) return status;
  v1::CheckpointManifest manifest;
  if (!text::QuietParse(*text, manifest) || ManifestText(manifest) != *text) return Corrupt(path, "is altered");
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
    return Corrupt(path,
                   absl::StrCat("has ", text::Counted(content->size(), "byte"), "; its MANIFEST says ", file.bytes()));
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
  // Its digest was right: what is strange in it was written so.
  if (checkpoint.state.format() > kFormat)
    return Newer(fs, folder, kState, absl::StrCat("format ", checkpoint.state.format()));
  if (HasUnknownField(checkpoint.state)) return Newer(fs, folder, kState, "a field that is unknown here");
  if (checkpoint.state.format() != kFormat) {
    return Corrupt(path, absl::StrCat("has format ", checkpoint.state.format(), "; this build reads format ", kFormat));
  }
  if (checkpoint.state.has_config()) config::CompleteTask(*checkpoint.state.mutable_config());
  if (checkpoint.state.update() != manifest->update()) {
    return Corrupt(path, absl::StrCat("is of update ", checkpoint.state.update(), ", not ", manifest->update()));
  }
  checkpoint.weights = *std::move(weights);
  checkpoint.optimizer = *std::move(optimizer);
  return checkpoint;
}

}  // namespace nmn::checkpoint
