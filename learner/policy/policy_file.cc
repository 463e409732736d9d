#include "learner/policy/policy_file.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/build/newer.h"
#include "common/config/config.h"
#include "common/config/schedule.h"
#include "common/digest/sha256.h"
#include "common/fs/endless.h"
#include "common/fs/folders_below.h"
#include "common/nn/network_spec.h"
#include "common/safetensors/safetensors.h"
#include "common/text/prefixed.h"
#include "learner/checkpoint/checkpoint.h"
#include "learner/checkpoint/layout.h"

namespace nmn::policy {
namespace {

using Metadata = std::map<std::string, std::string>;

const char kFormat[] = "nmn-policy-";
constexpr uint32_t kFormatNumber = 1;
constexpr char kActor[] = "actor.", kCritic[] = "critic.";
const char kPolicyFile[] = "policy.safetensors";

std::string Value(const Metadata& metadata, const std::string& name) {
  const auto found = metadata.find(name);
  return found == metadata.end() ? "" : found->second;
}

std::string ShapeText(const std::vector<int64_t>& shape) { return absl::StrCat("[", absl::StrJoin(shape, ", "), "]"); }

// Whether the metadata are those of an export. What another program's save dropped is named.
absl::Status CheckMetadata(const std::string& file, const Metadata& metadata) {
  const std::string format = Value(metadata, "format");
  // "pt" and "np" are what other programs write there.
  if (format.starts_with("nmn-")) {
    const absl::Status known = build::CheckFormat(format, kFormat, kFormatNumber, Value(metadata, "program"));
    if (!known.ok()) return text::Prefixed(file, known);
  }
  if (!Value(metadata, "config").empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      file, metadata.empty() ? " has no __metadata__" : " has no \"config\" in its __metadata__",
      ": the entry \"config\", the run's RunConfig as text, is missing; save it again with the metadata of the file "
      "that it was read from, in Python safe_open(FILE, \"np\").metadata()"));
}

uint32_t Number(const std::string& text) {
  uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::optional<v1::Lineage> ReadLineage(const Metadata& metadata) {
  const auto names = [&](const char* key) -> std::vector<std::string> {
    return absl::StrSplit(Value(metadata, key), ',', absl::SkipEmpty());
  };
  if (!metadata.contains("init_weights_sha256")) return std::nullopt;
  v1::Lineage lineage;
  lineage.set_source(Value(metadata, "init_source"));
  lineage.set_run_id(Value(metadata, "init_run_id"));
  lineage.set_update(Number(Value(metadata, "init_update")));
  lineage.set_weights_sha256(Value(metadata, "init_weights_sha256"));
  for (const std::string& name : names("init_taken")) lineage.add_taken(name);
  for (const std::string& name : names("init_left")) lineage.add_left(name);
  return lineage;
}

absl::StatusOr<NetworkPolicy> ReadExport(fs::FileSystem& fs, const std::string& file) {
  absl::StatusOr<std::string> bytes = fs.Read(file);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<SafetensorsFile> content = DecodeSafetensors(*bytes);
  if (!content.ok()) return text::Prefixed(file, content.status());
  const Metadata& metadata = content->metadata;
  if (absl::Status status = CheckMetadata(file, metadata); !status.ok()) return status;
  absl::StatusOr<v1::RunConfig> config = config::ParseStored(Value(metadata, "config"), file);
  if (!config.ok()) return config.status();
  NetworkPolicy policy;
  policy.config = *std::move(config);
  policy.run_id = Value(metadata, "run_id");
  policy.update = Number(Value(metadata, "update"));
  policy.weights = std::move(content->tensors);
  policy.lineage = ReadLineage(metadata);
  return policy;
}

absl::StatusOr<NetworkPolicy> ReadCheckpointPolicy(fs::FileSystem& fs, const std::string& folder) {
  absl::StatusOr<checkpoint::Checkpoint> read = checkpoint::ReadCheckpoint(fs, folder);
  if (!read.ok()) return read.status();
  NetworkPolicy policy;
  policy.config = config::ConfigAfter(read->state.config(), read->state.update());
  policy.run_id = read->state.run_id();
  policy.update = read->state.update();
  policy.weights = std::move(read->weights);
  if (read->state.has_lineage()) policy.lineage = read->state.lineage();
  return policy;
}

// The checkpoints of a run, newest first.
absl::StatusOr<std::vector<std::string>> CheckpointNames(fs::FileSystem& fs, const std::string& folder) {
  absl::StatusOr<bool> exists = fs.Exists(folder);
  if (!exists.ok()) return exists.status();
  if (!*exists) return std::vector<std::string>();
  absl::StatusOr<std::vector<std::string>> names = fs.List(folder);
  if (!names.ok()) return names.status();
  return checkpoint::CompletedFolders(*names);
}

// What a run that goes on removes while it is read is looked for again, so often.
constexpr int kLooks = 20;

struct NewestCheckpoint {
  std::optional<NetworkPolicy> policy;
  std::string damaged;  // why the newest one that is newer than `policy` is damaged; "" if none is
  uint32_t damaged_update = 0;
};

// The newest checkpoint that is whole; nothing is renamed or removed, because the run may be going on.
absl::StatusOr<NewestCheckpoint> ReadNewestCheckpoint(fs::FileSystem& fs, const std::string& folder) {
  NewestCheckpoint newest;
  for (int look = 0; look < kLooks; ++look) {
    newest = NewestCheckpoint();
    absl::StatusOr<std::vector<std::string>> names = CheckpointNames(fs, folder);
    if (!names.ok()) return names.status();
    bool gone = false;
    for (const std::string& name : *names) {
      const std::string path = absl::StrCat(folder, "/", name);
      absl::StatusOr<NetworkPolicy> policy = ReadCheckpointPolicy(fs, path);
      if (policy.ok()) {
        newest.policy = *std::move(policy);
        return newest;
      }
      if (build::IsNewer(policy.status())) return policy.status();
      const absl::StatusOr<bool> there = fs.Exists(path);
      gone = there.ok() && !*there;
      if (gone) break;
      // What may not be read, or not now, may be whole.
      if (!absl::IsDataLoss(policy.status())) return policy.status();
      if (!newest.damaged.empty()) continue;
      newest.damaged = std::string(policy.status().message());
      newest.damaged_update = checkpoint::UpdateOfFolder(name.substr(0, name.find('.'))).value();
    }
    if (!gone) return newest;
  }
  return absl::UnavailableError(
      absl::StrCat(folder, ": the run removes its checkpoints faster than they are read; try again"));
}

// For whoever named a folder of runs, or the checkpoints of one.
std::string RunsOrCheckpointsBelow(const std::string& path) {
  const std::string runs = fs::FoldersBelow(path, "config.textproto");
  return runs.empty() ? fs::FoldersBelow(path, checkpoint::kManifest) : runs;
}

absl::StatusOr<NetworkPolicy> ReadRunDirectory(fs::FileSystem& fs, const std::string& path) {
  const std::string file = absl::StrCat(path, "/", kPolicyFile);
  absl::StatusOr<bool> exported = fs.Exists(file);
  if (!exported.ok()) return exported.status();
  absl::StatusOr<NewestCheckpoint> saved = ReadNewestCheckpoint(fs, path + "/checkpoints");
  if (!saved.ok() && (build::IsNewer(saved.status()) || !*exported)) return saved.status();
  absl::StatusOr<NetworkPolicy> policy = absl::NotFoundError(
      absl::StrCat(path, " holds neither policy.safetensors nor a checkpoint, so it is no run directory",
                   RunsOrCheckpointsBelow(path)));
  if (*exported) policy = ReadExport(fs, file);
  if (policy.ok() && !saved.ok() && !absl::IsNotFound(saved.status())) {
    policy->notice = absl::StrCat("no checkpoint can be read (", saved.status().message(), "), so this is ",
                                  kPolicyFile, ", of update ", policy->update);
  }
  if (!saved.ok() || (*exported && !policy.ok())) return policy;
  if (saved->policy.has_value() && (!policy.ok() || saved->policy->update > policy->update))
    policy = *std::move(saved->policy);
  if (!policy.ok()) return saved->damaged.empty() ? policy : absl::DataLossError(saved->damaged);
  if (saved->damaged_update > policy->update) {
    policy->notice = absl::StrCat("the checkpoint of update ", saved->damaged_update, " is damaged (", saved->damaged,
                                  "), so this is the policy of update ", policy->update);
  }
  return policy;
}

// The checkpoint of this update in `folder`, the checkpoints of the run at `path`.
absl::StatusOr<NetworkPolicy> ReadUpdate(fs::FileSystem& fs, const std::string& path, const std::string& folder,
                                         uint32_t update) {
  absl::StatusOr<std::vector<std::string>> names = CheckpointNames(fs, folder);
  if (!names.ok()) return names.status();
  std::vector<uint32_t> updates;
  for (const std::string& name : *names) {
    const uint32_t there = checkpoint::UpdateOfFolder(name.substr(0, name.find('.'))).value();
    if (there == update) return ReadCheckpointPolicy(fs, absl::StrCat(folder, "/", name));
    updates.insert(updates.begin(), there);
  }
  return absl::NotFoundError(absl::StrCat(path, " has no checkpoint of update ", update, "; it has ",
                                          updates.empty() ? "none" : "those of " + absl::StrJoin(updates, ", ")));
}

// "checkpoints/ckpt-5", as people write ckpt-00000005.
absl::StatusOr<NetworkPolicy> ReadNumbered(fs::FileSystem& fs, const std::string& path) {
  static const RE2 numbered("(?:(.*)/)?ckpt-0*([0-9]{1,9})/*");
  std::string folder;
  uint32_t update = 0;
  if (RE2::FullMatch(path, numbered, &folder, &update)) {
    const std::string run = folder.empty() ? "." : folder;
    const absl::StatusOr<bool> exists = fs.Exists(run);
    if (exists.ok() && *exists) return ReadUpdate(fs, run, run, update);
  }
  return absl::NotFoundError(absl::StrCat("there is no run directory, checkpoint or file ", path));
}

absl::StatusOr<NetworkPolicy> Read(fs::FileSystem& fs, const std::string& path, std::optional<uint32_t> update) {
  absl::StatusOr<bool> exists = fs.Exists(path);
  if (!exists.ok()) return exists.status();
  if (!*exists && !update.has_value()) return ReadNumbered(fs, path);
  if (!*exists) return absl::NotFoundError(absl::StrCat("there is no run directory, checkpoint or file ", path));
  if (absl::Status status = fs::RefuseEndless(path, "a run directory, a checkpoint or a plain file"); !status.ok())
    return status;
  // A directory cannot be told by its name; listing it can.
  const absl::StatusOr<std::vector<std::string>> entries = fs.List(path);
  const bool checkpoint =
      entries.ok() && std::find(entries->begin(), entries->end(), checkpoint::kManifest) != entries->end();
  if (entries.ok() && !checkpoint)
    return update.has_value() ? ReadUpdate(fs, path, path + "/checkpoints", *update) : ReadRunDirectory(fs, path);
  if (update.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat("--update=", *update,
                                                   " chooses among the checkpoints of a run directory; ", path,
                                                   checkpoint ? " is one checkpoint" : " is a file"));
  }
  return checkpoint ? ReadCheckpointPolicy(fs, path) : ReadExport(fs, path);
}

}  // namespace

absl::StatusOr<std::vector<NamedTensor>> TensorsOf(const v1::RunConfig& config) {
  std::vector<NamedTensor> tensors;
  for (const auto& [role, prefix] : {std::pair{nn::Role::kActor, kActor}, std::pair{nn::Role::kCritic, kCritic}}) {
    absl::StatusOr<nn::NetworkSpec> spec = nn::MakeNetworkSpec(config, role);
    if (!spec.ok()) return spec.status();
    for (const nn::TensorSpec& tensor : spec->tensors)
      tensors.push_back({absl::StrCat(prefix, tensor.name), tensor.shape, {}});
  }
  return tensors;
}

absl::Status Fit(const std::string& source, NetworkPolicy& policy) {
  absl::StatusOr<std::vector<NamedTensor>> tensors = TensorsOf(policy.config);
  if (!tensors.ok()) return text::Prefixed(source, tensors.status());
  std::map<std::string, NamedTensor> found;
  for (NamedTensor& tensor : policy.weights) {
    const std::string name = tensor.name;
    found.emplace(name, std::move(tensor));
  }
  policy.weights.clear();
  policy.actor.clear();
  policy.critic.clear();
  for (const NamedTensor& wanted : *tensors) {
    const auto tensor = found.find(wanted.name);
    if (tensor == found.end()) {
      return absl::DataLossError(absl::StrCat(source, ": tensor ", wanted.name, " ", ShapeText(wanted.shape),
                                              " of its config's network is missing"));
    }
    if (tensor->second.shape != wanted.shape) {
      return absl::DataLossError(absl::StrCat(source, ": tensor ", wanted.name, " has shape ",
                                              ShapeText(tensor->second.shape), "; its config's network has ",
                                              ShapeText(wanted.shape)));
    }
    for (const float value : tensor->second.values) {
      if (!std::isfinite(value))
        return absl::DataLossError(absl::StrCat(source, ": tensor ", wanted.name, " has a number that is not finite"));
    }
    std::vector<float>& flat = wanted.name.starts_with(kActor) ? policy.actor : policy.critic;
    flat.insert(flat.end(), tensor->second.values.begin(), tensor->second.values.end());
    policy.weights.push_back(std::move(tensor->second));
    found.erase(tensor);
  }
  if (!found.empty()) {
    return absl::DataLossError(
        absl::StrCat(source, ": tensor ", found.begin()->first, " belongs to no network of its config"));
  }
  return absl::OkStatus();
}

absl::StatusOr<NetworkPolicy> LoadNetworkPolicy(fs::FileSystem& fs, const std::string& path,
                                                std::optional<uint32_t> update) {
  absl::StatusOr<NetworkPolicy> policy = Read(fs, path, update);
  if (!policy.ok()) return policy.status();
  if (absl::Status status = Fit(path, *policy); !status.ok()) return status;
  return policy;
}

std::map<std::string, std::string> ExportMetadata(const NetworkPolicy& policy) {
  Metadata metadata = {{"format", absl::StrCat(kFormat, kFormatNumber)},
                       {"program", build::Program()},
                       {"run_id", policy.run_id},
                       {"update", absl::StrCat(policy.update)},
                       {"benchmark", policy.config.benchmark()},
                       {"architecture", v1::Architecture_Name(policy.config.network().architecture())},
                       {"config", config::Print(policy.config)},
                       {"weights_sha256", WeightsSha256(policy.weights)}};
  if (policy.lineage.has_value()) {
    metadata["init_source"] = policy.lineage->source();
    metadata["init_run_id"] = policy.lineage->run_id();
    metadata["init_update"] = absl::StrCat(policy.lineage->update());
    metadata["init_weights_sha256"] = policy.lineage->weights_sha256();
    metadata["init_taken"] = absl::StrJoin(policy.lineage->taken(), ",");
    metadata["init_left"] = absl::StrJoin(policy.lineage->left(), ",");
  }
  return metadata;
}

std::string EncodePolicy(const NetworkPolicy& policy) {
  return EncodeSafetensors(policy.weights, ExportMetadata(policy));
}

}  // namespace nmn::policy
