// Files of tensors: safetensors, checkpoints, policies.

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <string>

#include "common/digest/sha256.h"
#include "common/safetensors/safetensors.h"
#include "common/text/one_line.h"
#include "common/text/quiet_parse.h"
#include "learner/checkpoint/checkpoint.h"
#include "learner/checkpoint/layout.h"
#include "learner/policy/policy_file.h"
#include "tests/fuzz/inputs.pb.h"
#include "tests/fuzz/target.h"
#include "tests/support/fault_file_system.h"

namespace nmn::fuzz {
namespace {

constexpr char kFolder[] = "ckpt-00000001";

void RequireOneLine(const absl::Status& status) {
  const std::string shown = text::OneLine({status.message().data(), status.message().size()});
  Require(status.ok() || (!shown.empty() && shown.find('\n') == std::string::npos), "an error is shown as one line");
}

void Put(testing::FaultFileSystem& disk, const std::string& name, std::string_view content) {
  disk.Put(std::string(kFolder) + "/" + name, content);
}

std::string FittingManifest(const std::string& weights, const std::string& optimizer, const std::string& state,
                            uint32_t update) {
  v1::CheckpointManifest manifest;
  manifest.set_format(checkpoint::kFormat);
  manifest.set_update(update);
  const std::pair<const char*, const std::string*> files[] = {
      {checkpoint::kWeights, &weights}, {checkpoint::kOptimizer, &optimizer}, {checkpoint::kState, &state}};
  for (const auto& [name, content] : files) {
    v1::ManifestFile& file = *manifest.add_files();
    file.set_name(name);
    file.set_bytes(content->size());
    file.set_sha256(Hex(Sha256Of(*content)));
  }
  return checkpoint::ManifestText(manifest);
}

}  // namespace

void ReadSafetensors(std::string_view input) {
  const absl::StatusOr<SafetensorsFile> file = DecodeSafetensors(input);
  if (!file.ok()) return;
  for (const NamedTensor& tensor : file->tensors) {
    int64_t count = 1;
    for (const int64_t axis : tensor.shape) count *= axis;
    Require(count == static_cast<int64_t>(tensor.values.size()), "a tensor has as many numbers as its shape says");
  }
  const absl::StatusOr<SafetensorsFile> again = DecodeSafetensors(EncodeSafetensors(file->tensors, file->metadata));
  Require(again.ok() && again->tensors.size() == file->tensors.size() && again->metadata == file->metadata,
          "what was read can be written and read");
}

const google::protobuf::Message& CheckpointPrototype() { return StoredCheckpoint::default_instance(); }

void ReadCheckpoint(std::string_view input) {
  StoredCheckpoint stored;
  if (!text::QuietParse(std::string(input), stored)) return;
  const std::string state = stored.state().SerializeAsString();
  testing::FaultFileSystem disk;
  Require(disk.CreateDirectories(kFolder).ok(), "a disk in memory has room");
  Put(disk, checkpoint::kWeights, stored.weights());
  Put(disk, checkpoint::kOptimizer, stored.optimizer());
  Put(disk, checkpoint::kState, state);
  Put(disk, checkpoint::kManifest,
      stored.manifest().empty() ? FittingManifest(stored.weights(), stored.optimizer(), state, stored.state().update())
                                : stored.manifest());
  const absl::StatusOr<checkpoint::Checkpoint> read = checkpoint::ReadCheckpoint(disk, kFolder);
  RequireOneLine(read.status());
  RequireOneLine(policy::LoadNetworkPolicy(disk, kFolder).status());
  if (!read.ok()) return;
  Require(read->state.format() == checkpoint::kFormat, "only the own format is read");
  Require(read->state.update() == 1, "a checkpoint is of its folder's update");
}

// A file whose metadata has the input for its config; or the input is the whole file.
void ReadPolicy(std::string_view input) {
  testing::FaultFileSystem disk;
  disk.Put("whole.safetensors", input);
  RequireOneLine(policy::LoadNetworkPolicy(disk, "whole.safetensors").status());
  disk.Put("policy.safetensors", EncodeSafetensors({{"actor.x", {1}, {0}}}, {{"format", "1"},
                                                                             {"program", "nmn"},
                                                                             {"run_id", "run"},
                                                                             {"update", "1"},
                                                                             {"benchmark", "b1"},
                                                                             {"architecture", "nmn"},
                                                                             {"config", std::string(input)},
                                                                             {"weights_sha256", ""}}));
  RequireOneLine(policy::LoadNetworkPolicy(disk, "policy.safetensors").status());
}

}  // namespace nmn::fuzz
