#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/fs/file_system.h"
#include "common/tensor/named_tensor.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::cli {

// A trained (or half-trained) policy with the config it was trained under.
struct NetworkPolicy {
  v1::RunConfig config;
  std::string run_id;
  uint32_t update = 0;               // updates completed
  std::vector<NamedTensor> weights;  // "actor.<tensor>" then "critic.<tensor>", in the order of network_spec.h
  std::vector<float> actor;          // the actor's parameters, flat, in that order
};

// From a run directory (the newer of policy.safetensors and the newest valid checkpoint; a run that is going on may be
// read) or from a file written by `nmn export`. NOT_FOUND where `path` is neither; DATA_LOSS names the file and the
// tensor that does not fit.
absl::StatusOr<NetworkPolicy> LoadNetworkPolicy(fs::FileSystem& fs, const std::string& path);

// Checks names, order and shapes against the config and fills `actor`.
absl::Status Fit(const std::string& source, NetworkPolicy& policy);

// "__metadata__" of an export: format, run_id, update, benchmark, architecture, config (textproto), weights_sha256.
std::map<std::string, std::string> ExportMetadata(const NetworkPolicy& policy);

}  // namespace nmn::cli
