#include "common/tls/identity.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/net/actor_id.h"

namespace nmn::tls {
namespace {

constexpr std::string_view kScheme = "nmn://";
constexpr std::array<std::pair<Role, std::string_view>, 3> kRoles = {
    {{Role::kActor, "actor"}, {Role::kLearner, "learner"}, {Role::kOperator, "operator"}}};
constexpr size_t kLongestHost = 253;
constexpr size_t kLongestPrefix = 48;

bool IsHost(std::string_view host) {
  return !host.empty() && host.size() <= kLongestHost && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
           c == '_' || c == ':';
  });
}

bool IsName(Role role, std::string_view name) {
  switch (role) {
    case Role::kActor:
      // A prefix leaves room for a random part.
      if (name.ends_with('*')) return net::IsActorId(name.substr(0, name.size() - 1)) && name.size() <= kLongestPrefix;
      return net::IsActorId(name);
    case Role::kLearner:
      return IsHost(name);
    case Role::kOperator:
      return net::IsActorId(name);
  }
  return false;
}

}  // namespace

std::string_view ToString(Role role) {
  return std::find_if(kRoles.begin(), kRoles.end(), [&](const auto& known) { return known.first == role; })->second;
}

std::string_view Identity::prefix() const {
  if (role != Role::kActor || !name.ends_with('*')) return {};
  return std::string_view(name).substr(0, name.size() - 1);
}

bool Identity::MayBeActor(std::string_view id) const {
  if (role != Role::kActor || !net::IsActorId(id)) return false;
  return prefix().empty() ? id == name : id.size() > prefix().size() && id.starts_with(prefix());
}

std::string ToString(const Identity& identity) {
  return std::string(kScheme).append(ToString(identity.role)).append("/").append(identity.name);
}

std::string HoldersOf(const std::vector<Role>& roles) {
  std::vector<std::string> holders;
  for (const Role role : roles) holders.push_back(absl::StrCat("nmn://", std::string(ToString(role)), "/.."));
  return absl::StrJoin(holders, " or ");
}

absl::StatusOr<Identity> ParseIdentity(std::string_view uri) {
  if (uri.starts_with(kScheme)) {
    const std::string_view rest = uri.substr(kScheme.size());
    const std::string_view name = rest.find('/') == std::string_view::npos ? "" : rest.substr(rest.find('/') + 1);
    for (const auto& [role, word] : kRoles) {
      if (rest.starts_with(word) && rest.size() == word.size() + 1 + name.size() && IsName(role, name))
        return Identity{role, std::string(name)};
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(uri),
                   "\" is no identity; one is nmn://actor/ID, nmn://actor/PREFIX*, nmn://learner/HOST or "
                   "nmn://operator/NAME, with ID, PREFIX and NAME of 1 to 64 of a-z, 0-9 and -"));
}

absl::StatusOr<Identity> FindIdentity(const std::vector<std::string>& uris) {
  std::vector<std::string> ours;
  std::copy_if(uris.begin(), uris.end(), std::back_inserter(ours),
               [](const std::string& uri) { return uri.starts_with(kScheme); });
  if (ours.size() == 1) return ParseIdentity(ours[0]);
  if (ours.empty()) {
    return absl::InvalidArgumentError(
        "it says of nobody who that is: there is no URI nmn://actor/.., nmn://learner/.. or nmn://operator/.. among "
        "its subject alternative names");
  }
  return absl::InvalidArgumentError(
      absl::StrCat("it says that its holder is ", absl::StrJoin(ours, " and "), "; there must be one identity"));
}

}  // namespace nmn::tls
