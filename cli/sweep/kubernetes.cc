#include "cli/sweep/kubernetes.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "cli/sweep/embedded_files.h"
#include "cli/sweep/yaml.h"
#include "common/config/config.h"
#include "common/text/counted.h"

namespace nmn::sweep {
namespace {

constexpr std::string_view kBase = "kubernetes/base/";
constexpr std::string_view kScript = "kubernetes/run-learner.sh";
// Kubernetes refuses larger ConfigMaps; the rest is for names and metadata.
constexpr size_t kMostConfigMapBytes = (1 << 20) - (64 << 10);

// As in kubernetes/base/job.yaml; a patch replaces the whole list.
constexpr const char* kActorArguments[] = {"--learner=127.0.0.1:50051", "--metrics=0.0.0.0:9465", "--metrics_tls=off"};

constexpr char kKustomization[] =
    R"(# One sweep; made by nmn sweep --engine=kubernetes. kubectl apply --server-side -k of this folder starts it.
resources:
  - base
  - configs.yaml
patches:
  - path: size.yaml
  - path: budget.yaml
)";

// A block of a YAML mapping: "  name: |" and the text, indented. The text ends with a newline,
// and its first line does not begin with a space.
void AppendEntry(const std::string& name, std::string_view text, std::string& out) {
  absl::StrAppend(&out, "  ", name, ": |\n");
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1);
    absl::StrAppend(&out, "    ", std::string(text.substr(0, end + 1)));
    text.remove_prefix(end + 1);
  }
}

std::string_view LearnerScript() {
  for (const EmbeddedFile& file : EmbeddedFiles()) {
    if (file.name == kScript) return file.text;
  }
  return "";
}

absl::StatusOr<std::string> Configs(const SweepDirectory& sweep) {
  std::string text =
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: nmn-sweep\n  labels:\n    app.kubernetes.io/name: "
      "nmn\ndata:\n";
  std::string names;
  for (const SweepRun& run : sweep.runs) absl::StrAppend(&names, run.name, "\n");
  AppendEntry("run-learner.sh", LearnerScript(), text);
  AppendEntry("runs.txt", names, text);
  for (const SweepRun& run : sweep.runs) AppendEntry(run.name + ".textproto", config::Print(run.config), text);
  if (text.size() <= kMostConfigMapBytes) return text;
  return absl::InvalidArgumentError(absl::StrCat("the configs of ", text::Counted(sweep.runs.size(), "run"), " have ",
                                                 text.size(), " bytes and a ConfigMap at most ", kMostConfigMapBytes,
                                                 "; split the sweep by --seeds"));
}

// In place of the base's, if the actor brings a task of the user's own. Its image must have the task's code.
std::string ActorArguments(const std::vector<std::string>& task) {
  if (task.empty()) return "";
  std::string text = "\n          args:";
  for (const char* argument : kActorArguments) absl::StrAppend(&text, "\n            - ", YamlString(argument));
  for (const std::string& argument : task) absl::StrAppend(&text, "\n            - ", YamlString(argument));
  return text;
}

// Runs, images and what the actor is called with.
std::string Size(const SweepDirectory& sweep, const KubernetesOptions& options, size_t at_once) {
  const auto image = [&](const char* name) {
    return YamlString(absl::StrCat(options.registry, options.registry.empty() ? "" : "/", name, ":", options.tag));
  };
  return absl::StrCat(
      "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: nmn-sweep\nspec:\n  completions: ", sweep.runs.size(),
      "\n  parallelism: ", at_once,
      "\n  template:\n    spec:\n      initContainers:\n        - name: actor\n          image: ", image("nmn-actor"),
      ActorArguments(options.task),
      "\n      containers:\n        - name: learner\n          image: ", image("nmn-learner"), "\n");
}

// A drained node may evict one of the runs that go at once.
std::string Budget(size_t at_once) {
  return absl::StrCat(
      "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: nmn-sweep\nspec:\n  minAvailable: ",
      at_once - 1, "\n");
}

}  // namespace

absl::Status CheckConfigMap(const SweepDirectory& sweep) { return Configs(sweep).status(); }

absl::Status WriteKubernetes(const SweepDirectory& sweep, const KubernetesOptions& options) {
  fs::FileSystem& fs = fs::RealFileSystem();
  const std::string folder = sweep.path + "/kubernetes";
  const absl::StatusOr<std::string> configs = Configs(sweep);
  if (!configs.ok()) return configs.status();
  if (absl::Status status = fs.CreateDirectories(folder + "/base"); !status.ok()) return status;
  for (const EmbeddedFile& file : EmbeddedFiles()) {
    if (!file.name.starts_with(kBase)) continue;
    const std::string path = absl::StrCat(folder, "/base/", std::string(file.name.substr(kBase.size())));
    if (absl::Status status = fs::WriteAtomically(fs, path, file.text); !status.ok()) return status;
  }
  if (absl::Status status = fs::WriteAtomically(fs, folder + "/configs.yaml", *configs); !status.ok()) return status;
  const size_t at_once = options.jobs == 0 ? sweep.runs.size() : std::min(options.jobs, sweep.runs.size());
  if (absl::Status status = fs::WriteAtomically(fs, folder + "/size.yaml", Size(sweep, options, at_once)); !status.ok())
    return status;
  if (absl::Status status = fs::WriteAtomically(fs, folder + "/budget.yaml", Budget(at_once)); !status.ok())
    return status;
  return fs::WriteAtomically(fs, folder + "/kustomization.yaml", kKustomization);
}

}  // namespace nmn::sweep
