#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace nmn::tls {

enum class Role { kActor, kLearner, kOperator };

// "actor", "learner", "operator".
std::string_view ToString(Role role);

// Who a certificate says its holder is: one URI among its names, nmn://ROLE/NAME.
struct Identity {
  Role role = Role::kActor;
  // Of an actor: its id, or a prefix and "*" for any id that begins so. Of a learner: the first host that it is reached
  // by. Of an operator: [a-z0-9-]{1,64}.
  std::string name;

  // Whether the holder may call itself this actor.
  bool MayBeActor(std::string_view id) const;
  // "fleet-" of nmn://actor/fleet-*; empty of all else.
  std::string_view prefix() const;

  bool operator==(const Identity&) const = default;
};

// Who may call an rpc or read a page, by its path ("/nmn.v1.LearnerService/Register", "/metrics"). Nobody may have what
// no role is named for.
using Policy = std::function<std::vector<Role>(std::string_view path)>;

// "nmn://actor/fleet-*"
std::string ToString(const Identity& identity);

// "nmn://actor/.. or nmn://operator/.."
std::string HoldersOf(const std::vector<Role>& roles);

// The opposite of ToString. INVALID_ARGUMENT says what an identity looks like.
absl::StatusOr<Identity> ParseIdentity(std::string_view uri);

// The one identity among the URIs of a certificate; those of others (spiffe://..) are left alone. INVALID_ARGUMENT:
// none, or more than one.
absl::StatusOr<Identity> FindIdentity(const std::vector<std::string>& uris);

}  // namespace nmn::tls
