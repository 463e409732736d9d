#include "learner/service/gate.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/net/actor_id.h"
#include "common/tls/credentials.h"

namespace nmn::service {
namespace {

using tls::Role;

std::vector<Role> AllowedRoles(std::string_view path) {
  static const std::map<std::string, std::vector<Role>, std::less<>> allowed = {
      {"/nmn.v1.LearnerService/Register", {Role::kActor}},
      {"/nmn.v1.LearnerService/Exchange", {Role::kActor}},
      {"/nmn.v1.LearnerService/FetchWeights", {Role::kActor, Role::kOperator}},
      {"/nmn.v1.LearnerService/GetStatus", {Role::kActor, Role::kOperator}},
      {"/grpc.health.v1.Health/Check", {Role::kActor, Role::kLearner, Role::kOperator}},
      {"/grpc.health.v1.Health/Watch", {Role::kActor, Role::kLearner, Role::kOperator}},
  };
  const auto found = allowed.find(path);
  return found == allowed.end() ? std::vector<Role>() : found->second;
}

}  // namespace

std::shared_ptr<grpc::ServerCredentials> Gate::Credentials() const {
  return tls_ == nullptr ? grpc::InsecureServerCredentials() : tls::ServerCredentials(tls_, AllowedRoles);
}

absl::Status Gate::CheckActor(const grpc::ServerContextBase& context, std::string_view actor_id) const {
  if (tls_ == nullptr || !tls::IsTls(*context.auth_context())) return absl::OkStatus();
  const std::optional<tls::Identity> peer = tls::PeerOf(*context.auth_context());
  if (peer && peer->MayBeActor(actor_id)) return absl::OkStatus();
  const std::string id = net::IsActorId(actor_id) ? std::string(actor_id) : "?";
  const std::string sentence =
      absl::StrCat(peer ? ToString(*peer) : "a client without an identity", " may not be actor \"", id,
                   "\"; leave out --actor_id, or issue a certificate with nmn certs issue DIR --actor=", id);
  tls_->Refuse(tls::Refusal::kWrongId, sentence);
  return absl::PermissionDeniedError(sentence);
}

}  // namespace nmn::service
