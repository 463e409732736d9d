#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/fs/file_system.h"
#include "common/tensor/named_tensor.h"
#include "nmn/v1/checkpoint.pb.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::policy {

// A trained (or half-trained) policy with the config it was trained under, as config::ConfigAfter has it.
struct NetworkPolicy {
  v1::RunConfig config;
  std::string run_id;
  uint32_t update = 0;                 // updates completed
  std::vector<NamedTensor> weights;    // "actor.<tensor>" then "critic.<tensor>", in the order of network_spec.h
  std::vector<float> actor;            // the actor's parameters, flat, in that order
  std::vector<float> critic;           // the critic's, likewise
  std::optional<v1::Lineage> lineage;  // where its run began from other weights
  std::string notice;                  // a newer checkpoint of the run is damaged: which, and what was taken; mostly ""
};

// `path` is one of
//   a run directory, finished or going on: the newer of policy.safetensors and the newest valid checkpoint, or what it
//     has of `update`
//   a checkpoint, DIR/checkpoints/ckpt-N
//   a file of `nmn export`, also one that another program saved again: tensors in any order, metadata with more entries
// NOT_FOUND where `path` is none of them, or has nothing of `update` (it names what there is); DATA_LOSS names the file
// and the tensor that does not fit.
absl::StatusOr<NetworkPolicy> LoadNetworkPolicy(fs::FileSystem& fs, const std::string& path,
                                                std::optional<uint32_t> update = std::nullopt);

// Names and shapes of the tensors of a config's networks, in the order of NetworkPolicy::weights; no values.
absl::StatusOr<std::vector<NamedTensor>> TensorsOf(const v1::RunConfig& config);

// Checks names and shapes against the config, brings the tensors into order and fills `actor` and `critic`.
absl::Status Fit(const std::string& source, NetworkPolicy& policy);

// "__metadata__" of an export: format, program, run_id, update, benchmark, architecture, config (textproto),
// weights_sha256, and the lineage: init_source, init_run_id, init_update, init_weights_sha256, init_taken, init_left.
std::map<std::string, std::string> ExportMetadata(const NetworkPolicy& policy);

// The file of nmn export, policy.safetensors and policy-best.safetensors.
std::string EncodePolicy(const NetworkPolicy& policy);

}  // namespace nmn::policy
