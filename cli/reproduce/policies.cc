#include "cli/reproduce/policies.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace nmn::reproduce {

absl::StatusOr<std::string> FindPolicyIn(const std::vector<std::string>& folders, const std::string& benchmark,
                                         const std::string& architecture) {
  const std::string name = absl::StrCat(benchmark, "-", architecture, ".safetensors");
  for (const std::string& folder : folders) {
    std::string path = absl::StrCat(folder, "/", name);
    std::error_code error;
    if (std::filesystem::is_regular_file(path, error)) return path;
  }
  return absl::NotFoundError(absl::StrCat("no ", name, " in ", absl::StrJoin(folders, " or "),
                                          "; train one and give it with --policy: nmn train --benchmark=", benchmark,
                                          " --arch=", architecture));
}

absl::StatusOr<std::string> FindPolicy(const std::string& benchmark, const std::string& architecture) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return absl::NotFoundError(absl::StrCat("cannot read /proc/self/exe: ", error.message()));
  const std::filesystem::path bin = self.parent_path();  // <source>/build/<preset>/bin, or <prefix>/bin
  const std::filesystem::path source = bin.parent_path().parent_path().parent_path();
  return FindPolicyIn(
      {(source / "docs/results/policies").string(), (bin.parent_path() / "share/nmn/policies").string()}, benchmark,
      architecture);
}

}  // namespace nmn::reproduce
