#include "cli/sweep/image_name.h"

#include <re2/re2.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace nmn::sweep {
namespace {

// Of distribution/reference: a host, then parts of a path in small letters; a tag of at most 128 characters.
constexpr char kRegistry[] =
    "([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*|\\[[0-9A-Fa-f:]+\\])"
    "(:[0-9]{1,5})?(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*";
constexpr char kTag[] = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
// A longer name no registry takes.
constexpr size_t kMostRegistryBytes = 200;

}  // namespace

absl::Status CheckRegistry(const std::string& registry) {
  if (registry.size() <= kMostRegistryBytes && RE2::FullMatch(registry, kRegistry)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "--registry=\"", absl::CHexEscape(registry),
      "\": no image has such a name; give a host and a path in small letters, without scheme and without a slash at "
      "the end, e.g. registry.example/nmn or localhost:5000"));
}

absl::Status CheckTag(const std::string& tag) {
  if (RE2::FullMatch(tag, kTag)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--tag=\"", absl::CHexEscape(tag),
                   "\": no image has such a tag; give at most 128 letters, digits, dots, dashes and underscores, e.g. "
                   "0.1.0"));
}

}  // namespace nmn::sweep
