#include "common/tls/material.h"

#include <openssl/x509v3.h>

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/digest/sha256.h"
#include "common/fs/endless.h"
#include "common/fs/file_system.h"

namespace nmn::tls {
namespace {

// Certificates have some hundred bytes; a file of more than this is something else.
constexpr uint64_t kMostBytes = 1 << 20;

absl::Status Named(const char* flag, const std::string& file, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(flag, "=", file, ": ", status.message()));
}

absl::StatusOr<std::string> Read(const char* flag, const std::string& file, const char* kind = "a PEM file") {
  fs::FileSystem& disk = fs::RealFileSystem();
  if (absl::Status status = fs::RefuseEndless(file, kind); !status.ok()) return Named(flag, file, status);
  const absl::StatusOr<uint64_t> size = disk.Size(file);
  if (!size.ok()) return Named(flag, file, size.status());
  if (*size > kMostBytes)
    return Named(flag, file, absl::InvalidArgumentError(absl::StrCat("it has more than ", kMostBytes, " bytes")));
  absl::StatusOr<std::string> content = disk.Read(file);
  if (!content.ok()) return Named(flag, file, content.status());
  return content;
}

// "a learner", "an actor"
std::string WithArticle(Role role) {
  return absl::StrCat(role == Role::kLearner ? "a " : "an ", std::string(ToString(role)));
}

absl::Status CheckRole(const Identity& identity, Role role) {
  if (identity.role == role) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("it is the certificate of ", ToString(identity), ", and ",
                                                 WithArticle(role),
                                                 " needs one of its own; issue it with nmn certs "
                                                 "issue DIR --",
                                                 std::string(ToString(role)),
                                                 role == Role::kLearner ? "=HOST"
                                                 : role == Role::kActor ? "=ID"
                                                                        : "=NAME"));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Material>> LoadMaterial(const Files& files, int64_t now,
                                                             std::optional<Role> role) {
  if (absl::Status status = CheckOpenSsl(); !status.ok()) return status;
  const auto flag = [&](const char* of_file) { return files.of_folder ? "--tls" : of_file; };
  const absl::StatusOr<std::string> certificate_text = Read(flag("--tls_cert"), files.certificate);
  if (!certificate_text.ok()) return certificate_text.status();
  const absl::StatusOr<std::string> key_text = Read(flag("--tls_key"), files.key);
  if (!key_text.ok()) return key_text.status();
  const absl::StatusOr<std::string> authority_text = Read(flag("--tls_ca"), files.authority);
  if (!authority_text.ok()) return authority_text.status();
  const absl::StatusOr<std::string> revoked_text =
      files.revoked.empty() ? absl::StatusOr<std::string>("")
                            : Read("--tls_revoked", files.revoked, "a file of serial numbers");
  if (!revoked_text.ok()) return revoked_text.status();

  absl::StatusOr<std::vector<Certificate>> chain = Certificate::ParseAll(*certificate_text);
  if (!chain.ok()) return Named(flag("--tls_cert"), files.certificate, chain.status());
  const absl::StatusOr<PrivateKey> key = PrivateKey::Parse(*key_text);
  if (!key.ok()) return Named(flag("--tls_key"), files.key, key.status());
  absl::StatusOr<std::vector<Certificate>> authorities = Certificate::ParseAll(*authority_text);
  if (!authorities.ok()) return Named(flag("--tls_ca"), files.authority, authorities.status());
  absl::StatusOr<std::set<std::string>> revoked = ParseRevoked(*revoked_text);
  if (!revoked.ok()) return Named("--tls_revoked", files.revoked, revoked.status());

  const Certificate certificate = chain->front();
  chain->erase(chain->begin());
  if (absl::Status status = key->CheckBelongsTo(certificate, files.certificate); !status.ok())
    return Named(flag("--tls_key"), files.key, status);
  Trust trust(*std::move(authorities), *std::move(revoked));
  const Verdict verdict = trust.JudgeClient(certificate, *chain, now);
  if (!verdict.accepted())
    return Named(flag("--tls_cert"), files.certificate, absl::InvalidArgumentError(verdict.sentence));
  if (absl::Status status = role ? CheckRole(verdict.identity, *role) : absl::OkStatus(); !status.ok())
    return Named(flag("--tls_cert"), files.certificate, status);

  std::string key_and_chain = absl::StrCat(key->pem(), certificate.pem());
  for (const Certificate& link : *chain) key_and_chain += link.pem();
  std::string fingerprint =
      Sha256Of(absl::StrCat(*certificate_text, "\n", *key_text, "\n", *authority_text, "\n", *revoked_text));
  return std::make_shared<const Material>(Material{std::move(key_and_chain), *authority_text, certificate,
                                                   *std::move(chain), verdict.identity, std::move(trust),
                                                   std::move(fingerprint)});
}

}  // namespace nmn::tls
