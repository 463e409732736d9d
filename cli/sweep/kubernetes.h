#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/sweep/directory.h"

namespace nmn::sweep {

struct KubernetesOptions {
  size_t jobs = 0;                // pods at once; 0: all
  std::string registry;           // where the images are pulled from, "registry.example/nmn"; "" where nodes have them
  std::string tag;                // of both images
  std::vector<std::string> task;  // flags of actors that bring a task of the user's own
};

// INVALID_ARGUMENT where the configs of the runs do not fit into a ConfigMap.
absl::Status CheckConfigMap(const SweepDirectory& sweep);

// Writes DIR/kubernetes: base/ as in deploy/kubernetes, and the overlay of this sweep, for `kubectl apply
// --server-side -k`. Talks to no cluster. Errors are CheckConfigMap's and the file system's.
absl::Status WriteKubernetes(const SweepDirectory& sweep, const KubernetesOptions& options);

}  // namespace nmn::sweep
