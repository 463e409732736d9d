#include "bridge/plugin_library.h"

#include <dlfcn.h>
#include <elf.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bridge/plugin_call.h"
#include "common/nn/action_space.h"
#include "common/text/prefixed.h"

namespace nmn::bridge {
namespace {

constexpr char kEntry[] = "nmn_task_plugin";
// Numbers of an observation; far above what a policy is trained on.
constexpr uint32_t kMostObserved = 1 << 20;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Whether all that a shared library loads is in the file: the loader would die of a copy that was cut.
bool IsWhole(const std::string& file, uint64_t bytes) {
  std::ifstream in(file, std::ios::binary);
  Elf64_Ehdr header{};
  if (!in.read(reinterpret_cast<char*>(&header), sizeof(header))) return true;  // no such library: the loader says so
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64) return true;
  in.seekg(static_cast<std::streamoff>(header.e_phoff));
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    if (!in.read(reinterpret_cast<char*>(&segment), sizeof(segment))) return false;
    if (segment.p_type == PT_LOAD && segment.p_offset + segment.p_filesz > bytes) return false;
  }
  return true;
}

absl::Status CheckFile(const std::string& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) {
    return absl::NotFoundError(absl::StrCat("it cannot be found (", strerror(errno),
                                            "); give the path of the shared library, from here or from /"));
  }
  if (!S_ISREG(status.st_mode)) return absl::InvalidArgumentError("it is no file; give the path of a shared library");
  if (access(file.c_str(), R_OK) != 0)
    return absl::PermissionDeniedError(
        absl::StrCat("it cannot be read (", strerror(errno), "); change its permissions"));
  if (!IsWhole(file, static_cast<uint64_t>(status.st_size)))
    return absl::InvalidArgumentError("it is cut short; copy or build it once more");
  return absl::OkStatus();
}

// The loader's own words, without the path that it begins with.
std::string LoaderError(const std::string& path) {
  const char* error = dlerror();
  std::string text = error == nullptr ? "the loader does not say why" : error;
  if (text.starts_with(path + ": ")) text.erase(0, path.size() + 2);
  return text;
}

// Sizes are compared before anything that lies behind them is read.
absl::Status CheckHeader(const nmn_task& task) {
  if (task.abi != NMN_TASK_ABI) {
    return absl::InvalidArgumentError(absl::StrCat("it is made for version ", task.abi,
                                                   " of nmn/task.h, and this program takes ", NMN_TASK_ABI,
                                                   "; compile it with the header of this program"));
  }
  const std::pair<const char*, std::pair<size_t, size_t>> sizes[] = {
      {"nmn_task", {task.task_size, sizeof(nmn_task)}},       {"nmn_spec", {task.spec_size, sizeof(nmn_spec)}},
      {"nmn_create", {task.create_size, sizeof(nmn_create)}}, {"nmn_reset", {task.reset_size, sizeof(nmn_reset)}},
      {"nmn_step", {task.step_size, sizeof(nmn_step)}},
  };
  for (const auto& [name, size] : sizes) {
    if (size.first == size.second) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("its ", name, " has ", size.first, " bytes, and this program's ", size.second,
                     "; begin nmn_task with NMN_TASK_HEADER, and compile it with the header of this program"));
  }
  for (const auto& [name, is_there] : {std::pair{"create", task.create != nullptr},
                                       {"reset", task.reset != nullptr},
                                       {"step", task.step != nullptr},
                                       {"destroy", task.destroy != nullptr}}) {
    if (!is_there) return absl::InvalidArgumentError(absl::StrCat("its function ", name, " is NULL; it must be set"));
  }
  return absl::OkStatus();
}

std::vector<float> Bounds(const float* bounds, uint32_t size, float none) {
  return bounds == nullptr ? std::vector<float>(size, none) : std::vector<float>(bounds, bounds + size);
}

absl::Status ReadAction(const nmn_spec& spec, v1::ActionSpace& space) {
  const uint32_t size = spec.action_size;
  if (size < 1 || size > nn::kMostActionInputs) {
    return absl::InvalidArgumentError(
        absl::StrCat("action_size is ", size, "; it must be from 1 to ", nn::kMostActionInputs));
  }
  if (spec.action_kind == NMN_BOX) {
    const std::vector<float> low = Bounds(spec.action_low, size, -kInfinity),
                             high = Bounds(spec.action_high, size, kInfinity);
    space.mutable_box()->set_bound(v1::BoxSpace::CLIP);
    for (uint32_t i = 0; i < size; ++i) AddNumber(low[i], high[i], *space.mutable_box());
    return absl::OkStatus();
  }
  if (spec.action_kind != NMN_CHOICES) {
    return absl::InvalidArgumentError(
        absl::StrCat("action_kind is ", spec.action_kind, "; it must be NMN_BOX or NMN_CHOICES"));
  }
  if (spec.choices == nullptr)
    return absl::InvalidArgumentError("choices is NULL; it must say how many there are for each of action_size");
  if (size == 1) {
    space.set_discrete(spec.choices[0]);
  } else {
    space.mutable_multi_discrete()->mutable_choices()->Assign(spec.choices, spec.choices + size);
  }
  return absl::OkStatus();
}

absl::StatusOr<FoundTask> ReadSpec(const nmn_spec& spec) {
  // A number of that many is a mistake, and the arrays of bounds are read by it.
  if (spec.observation_size > kMostObserved) {
    return absl::InvalidArgumentError(
        absl::StrCat("observation_size is ", spec.observation_size, "; it must be at most ", kMostObserved));
  }
  if (spec.has_trials > 1)
    return absl::InvalidArgumentError(absl::StrCat("has_trials is ", spec.has_trials, "; it must be 0 or 1"));
  if (spec.version < 1) return absl::InvalidArgumentError("version is 0; it must be from 1");
  FoundTask found;
  found.spec.set_name(spec.name == nullptr ? "" : spec.name);
  found.spec.set_version(spec.version);
  found.spec.set_horizon(spec.horizon);
  found.spec.set_observation_size(spec.observation_size);
  found.low = Bounds(spec.observation_low, spec.observation_size, -kInfinity);
  found.high = Bounds(spec.observation_high, spec.observation_size, kInfinity);
  found.spec.set_has_trials(spec.has_trials == 1);
  if (absl::Status status = ReadAction(spec, *found.spec.mutable_action()); !status.ok()) return status;
  if (absl::Status status = CheckFoundTask(found); !status.ok()) return status;
  return found;
}

absl::StatusOr<PluginLibrary> Load(const std::string& file) {
  if (absl::Status status = CheckFile(file); !status.ok()) return status;
  // With a / in it, so that it is this file and none of the loader's folders.
  const std::string path = std::filesystem::absolute(file).string();
  PrepareForForeign();
  void* library = CallForeign(dlopen, path.c_str(), RTLD_NOW | RTLD_LOCAL);  // runs its initialisers
  if (library == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("it cannot be loaded: ", LoaderError(path),
                     "; it must be a shared library for this machine, on a disk that is not mounted noexec"));
  }
  const auto entry = reinterpret_cast<const nmn_task* (*)()>(dlsym(library, kEntry));
  if (entry == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "it has no function ", kEntry, "; a task defines it as nmn/task.h declares it (in C++ as extern \"C\")"));
  }
  PluginLibrary plugin{file, CallForeign(entry), {}};
  if (plugin.task == nullptr) return absl::InvalidArgumentError(absl::StrCat(kEntry, " returned NULL"));
  absl::StatusOr<FoundTask> found = FindTask(*plugin.task);
  if (!found.ok()) return found.status();
  plugin.found = *std::move(found);
  return plugin;
}

}  // namespace

absl::StatusOr<FoundTask> FindTask(const nmn_task& task) {
  if (absl::Status status = CheckHeader(task); !status.ok()) return status;
  absl::StatusOr<FoundTask> found = ReadSpec(task.spec);
  if (!found.ok()) return text::Prefixed("its spec is refused", found.status());
  return found;
}

absl::StatusOr<PluginLibrary> LoadPlugin(const std::string& file) {
  absl::StatusOr<PluginLibrary> plugin = Load(file);
  if (!plugin.ok()) return text::Prefixed(absl::StrCat("--task_plugin=", file), plugin.status());
  return plugin;
}

}  // namespace nmn::bridge
