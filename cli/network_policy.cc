#include "cli/network_policy.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config/config.h"
#include "common/digest/sha256.h"
#include "common/env/environment.h"
#include "common/nn/network_spec.h"
#include "common/safetensors/safetensors.h"
#include "learner/checkpoint/checkpoint.h"

namespace nmn::cli {
namespace {

absl::Status Prefixed(const std::string& source, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(source, ": ", std::string(status.message())));
}

std::string Value(const std::map<std::string, std::string>& metadata, const std::string& name) {
  const auto found = metadata.find(name);
  return found == metadata.end() ? "" : found->second;
}

absl::StatusOr<NetworkPolicy> ReadExport(fs::FileSystem& fs, const std::string& file) {
  absl::StatusOr<std::string> bytes = fs.Read(file);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<SafetensorsFile> content = DecodeSafetensors(*bytes);
  if (!content.ok()) return Prefixed(file, content.status());
  const std::string text = Value(content->metadata, "config");
  if (text.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, " has no config in its metadata; only files of nmn export can be used"));
  }
  absl::StatusOr<v1::RunConfig> config = config::Parse(text, file);
  if (!config.ok()) return config.status();
  NetworkPolicy policy;
  policy.config = *std::move(config);
  policy.run_id = Value(content->metadata, "run_id");
  const std::string update = Value(content->metadata, "update");
  std::from_chars(update.data(), update.data() + update.size(), policy.update);
  policy.weights = std::move(content->tensors);
  return policy;
}

// The newest checkpoint that is whole; nothing is renamed or removed, because the run may be going on.
absl::StatusOr<std::optional<NetworkPolicy>> ReadNewestCheckpoint(fs::FileSystem& fs,
                                                                  const std::string& run_directory) {
  const std::string folder = run_directory + "/checkpoints";
  absl::StatusOr<bool> exists = fs.Exists(folder);
  if (!exists.ok()) return exists.status();
  if (!*exists) return std::nullopt;
  absl::StatusOr<std::vector<std::string>> names = fs.List(folder);
  if (!names.ok()) return names.status();
  absl::Status last = absl::OkStatus();
  for (const std::string& name : checkpoint::CompletedFolders(*names)) {
    absl::StatusOr<checkpoint::Checkpoint> read = checkpoint::ReadCheckpoint(fs, folder + "/" + name);
    if (!read.ok()) {
      last = read.status();
      continue;
    }
    NetworkPolicy policy;
    policy.config = read->state.config();
    policy.run_id = read->state.run_id();
    policy.update = read->state.update();
    policy.weights = std::move(read->weights);
    return policy;
  }
  if (!last.ok()) return last;
  return std::nullopt;
}

absl::StatusOr<NetworkPolicy> ReadRunDirectory(fs::FileSystem& fs, const std::string& path) {
  const std::string file = path + "/policy.safetensors";
  absl::StatusOr<bool> exported = fs.Exists(file);
  if (!exported.ok()) return exported.status();
  absl::StatusOr<std::optional<NetworkPolicy>> saved = ReadNewestCheckpoint(fs, path);
  if (!*exported) {
    if (!saved.ok()) return saved.status();
    if (saved->has_value()) return **std::move(saved);
    return absl::NotFoundError(
        absl::StrCat(path, " holds neither policy.safetensors nor a checkpoint; is it a run directory?"));
  }
  absl::StatusOr<NetworkPolicy> policy = ReadExport(fs, file);
  if (policy.ok() && saved.ok() && saved->has_value() && (*saved)->update > policy->update) return **std::move(saved);
  return policy;
}

std::string ShapeText(const std::vector<int64_t>& shape) { return absl::StrCat("[", absl::StrJoin(shape, ", "), "]"); }

}  // namespace

absl::Status Fit(const std::string& source, NetworkPolicy& policy) {
  absl::StatusOr<env::EnvironmentSpec> environment = env::FindSpec(policy.config.benchmark());
  if (!environment.ok()) return Prefixed(source, environment.status());
  policy.actor.clear();
  size_t next = 0;
  for (const auto& [role, prefix] : {std::pair{nn::Role::kActor, "actor."}, std::pair{nn::Role::kCritic, "critic."}}) {
    absl::StatusOr<nn::NetworkSpec> spec =
        nn::MakeNetworkSpec(policy.config.network(), role, environment->observation_size);
    if (!spec.ok()) return Prefixed(source, spec.status());
    for (const nn::TensorSpec& wanted : spec->tensors) {
      const std::string name = prefix + wanted.name;
      if (next == policy.weights.size() || policy.weights[next].name != name ||
          policy.weights[next].shape != wanted.shape) {
        const std::string found = next == policy.weights.size() ? "nothing"
                                                                : absl::StrCat(policy.weights[next].name, " ",
                                                                               ShapeText(policy.weights[next].shape));
        return absl::DataLossError(
            absl::StrCat(source, ": expected tensor ", name, " ", ShapeText(wanted.shape), " and found ", found));
      }
      const std::vector<float>& values = policy.weights[next++].values;
      if (role == nn::Role::kActor) policy.actor.insert(policy.actor.end(), values.begin(), values.end());
    }
  }
  if (next != policy.weights.size()) {
    return absl::DataLossError(
        absl::StrCat(source, ": tensor ", policy.weights[next].name, " belongs to no network of its config"));
  }
  return absl::OkStatus();
}

absl::StatusOr<NetworkPolicy> LoadNetworkPolicy(fs::FileSystem& fs, const std::string& path) {
  absl::StatusOr<bool> exists = fs.Exists(path);
  if (!exists.ok()) return exists.status();
  if (!*exists) return absl::NotFoundError(absl::StrCat("there is no run directory or file ", path));
  // A directory cannot be told by its name; listing it can.
  const bool directory = fs.List(path).ok();
  absl::StatusOr<NetworkPolicy> policy = directory ? ReadRunDirectory(fs, path) : ReadExport(fs, path);
  if (!policy.ok()) return policy.status();
  if (absl::Status status = Fit(path, *policy); !status.ok()) return status;
  return policy;
}

std::map<std::string, std::string> ExportMetadata(const NetworkPolicy& policy) {
  return {{"format", "nmn-policy-1"},
          {"run_id", policy.run_id},
          {"update", absl::StrCat(policy.update)},
          {"benchmark", policy.config.benchmark()},
          {"architecture", v1::Architecture_Name(policy.config.network().architecture())},
          {"config", config::Print(policy.config)},
          {"weights_sha256", WeightsSha256(policy.weights)}};
}

}  // namespace nmn::cli
