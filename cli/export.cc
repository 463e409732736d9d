#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "cli/fail.h"
#include "cli/network_policy.h"
#include "cli/verbs.h"
#include "common/digest/sha256.h"
#include "common/fs/file_system.h"
#include "common/safetensors/safetensors.h"

namespace nmn::cli {
namespace {

absl::Status Export(const std::string& run_directory, const std::string& out) {
  fs::FileSystem& fs = fs::RealFileSystem();
  absl::StatusOr<NetworkPolicy> policy = LoadNetworkPolicy(fs, run_directory);
  if (!policy.ok()) return policy.status();
  const std::string bytes = EncodeSafetensors(policy->weights, ExportMetadata(*policy));
  if (absl::Status status = fs::WriteAtomically(fs, out, bytes); !status.ok()) return status;
  size_t parameters = 0;
  for (const NamedTensor& tensor : policy->weights) parameters += tensor.values.size();
  std::cerr << "wrote " << out << ": " << policy->weights.size() << " tensors, " << parameters
            << " parameters, after update " << policy->update << "\n";
  std::cout << WeightsSha256(policy->weights) << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddExport(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("export", "Write a run's networks as one safetensors file");
  verb->footer(
      "Writes actor and critic with the config in the metadata; docs/export.md documents names, shapes and layout, "
      "with a forward\n"
      "pass in numpy. Prints the weights' SHA-256. The file works as --policy of nmn eval and nmn trace.\n"
      "Example:  nmn export runs/b1-nmn-fast-s1-20260101T120000Z --out=policy.safetensors");
  struct Flags {
    std::string run_directory, out;
  };
  auto flags = std::make_shared<Flags>();
  verb->add_option("RUN_DIR", flags->run_directory, "A run directory, finished or going on")->required();
  verb->add_option("--out", flags->out, "The file to write")->required();
  verb->callback([flags, &exit_code] {
    const absl::Status status = Export(flags->run_directory, flags->out);
    exit_code = status.ok() ? kExitDone : Fail("export", status);
  });
}

}  // namespace nmn::cli
