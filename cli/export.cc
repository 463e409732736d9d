#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "cli/fail.h"
#include "cli/own_file.h"
#include "cli/verbs.h"
#include "common/digest/sha256.h"
#include "common/fs/file_system.h"
#include "learner/policy/policy_file.h"

namespace nmn::cli {
namespace {

struct Flags {
  std::string source, out;
  std::optional<uint32_t> update;
};

// Whether `path` is what stdout goes to, by whatever name.
bool IsStdout(const std::string& path) {
  struct stat file, out;
  return ::stat(path.c_str(), &file) == 0 && ::fstat(STDOUT_FILENO, &out) == 0 && file.st_dev == out.st_dev &&
         file.st_ino == out.st_ino;
}

absl::Status Export(const Flags& flags) {
  if (absl::Status status = RefuseOwnFile("--out", flags.out); !status.ok()) return status;
  if (absl::Status status = RefuseOtherFormat("--out", flags.out, {".safetensors"},
                                              "docs/export.md says how to get from there to numpy and torch, and "
                                              "--out=/dev/stdout writes into a pipe");
      !status.ok())
    return status;
  fs::FileSystem& fs = fs::RealFileSystem();
  absl::StatusOr<policy::NetworkPolicy> policy = policy::LoadNetworkPolicy(fs, flags.source, flags.update);
  if (!policy.ok()) return policy.status();
  if (!policy->notice.empty()) std::cerr << flags.source << ": " << policy->notice << "\n";
  // If the file itself goes to stdout, nothing may follow it.
  std::ostream& digest = IsStdout(flags.out) ? std::cerr : std::cout;
  const std::string bytes = EncodePolicy(*policy);
  if (absl::Status status = fs::WriteAtomically(fs, flags.out, bytes); !status.ok()) return status;
  size_t parameters = 0;
  for (const NamedTensor& tensor : policy->weights) parameters += tensor.values.size();
  std::cerr << "wrote " << flags.out << ": " << policy->weights.size() << " tensors, " << parameters
            << " parameters, after update " << policy->update << "\n";
  digest << WeightsSha256(policy->weights) << "\n";
  return absl::OkStatus();
}

}  // namespace

void AddExport(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("export", "Write a run's networks as one safetensors file");
  verb->footer(
      "It writes actor and critic, with the config in the metadata. docs/export.md has names, shapes and layout,\n"
      "and a forward pass in numpy. stdout has only the weights' SHA-256. The file works as --policy of nmn eval\n"
      "and nmn trace.\n"
      "Example:  nmn export runs/b1-nmn-fast-s1-20260101T120000Z --out=policy.safetensors\n"
      "          nmn export runs/b1-nmn-fast-s1-20260101T120000Z --update=100 --out=at-100.safetensors");
  auto flags = std::make_shared<Flags>();
  verb->add_option("SOURCE", flags->source,
                   "A run directory, finished or going on, RUN_DIR/checkpoints/ckpt-N or a .safetensors file")
      ->required();
  verb->add_option("--update", flags->update, "With a run directory: the checkpoint after this update [the newest]");
  verb->add_option("--out", flags->out, "The file to write")->type_name("FILE")->required();
  verb->callback([flags, &exit_code] {
    const absl::Status status = Export(*flags);
    exit_code = status.ok() ? kExitDone : Fail("export", status);
  });
}

}  // namespace nmn::cli
