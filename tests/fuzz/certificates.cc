// Certificates and what they say of their holders, keys, and the list of those that are revoked.

#include <openssl/pem.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/tls/certificate.h"
#include "common/tls/identity.h"
#include "common/tls/trust.h"
#include "tests/fuzz/target.h"

namespace nmn::fuzz {
namespace {

void Use(const tls::Certificate& certificate) {
  Require(certificate.Describe().find('\n') == std::string::npos, "what is logged of a certificate is one line");
  certificate.NamesHost("gpu1");
  certificate.NamesHost("192.0.2.7");
  certificate.hosts();
  certificate.serial();
  certificate.self_issued();
  certificate.is_authority();
  const absl::StatusOr<tls::Identity> identity = tls::FindIdentity(certificate.uris());
  if (identity.ok()) identity->MayBeActor("fleet-1");
  const tls::Trust trust({certificate}, {});
  trust.JudgeClient(certificate, {}, tls::UnixNow());
  trust.JudgeServer(certificate, {certificate}, tls::UnixNow(), "gpu1");
}

void UseAll(const std::string& pem) {
  const absl::StatusOr<std::vector<tls::Certificate>> certificates = tls::Certificate::ParseAll(pem);
  if (!certificates.ok()) return;
  for (const tls::Certificate& certificate : *certificates) Use(certificate);
}

}  // namespace

// The input is a URI, a PEM text, the inside of one, and a list of serial numbers.
void ReadCertificates(std::string_view input) {
  const absl::StatusOr<tls::Identity> identity = tls::ParseIdentity(input);
  if (identity.ok()) {
    Require(tls::ToString(*identity) == input, "an identity reads back as printed");
    Require(!identity->MayBeActor("") && (identity->role == tls::Role::kActor || !identity->MayBeActor(identity->name)),
            "only an actor may be an actor, and none without an id");
  }
  tls::ParseRevoked(input).IgnoreError();
  tls::PrivateKey::Parse(input).IgnoreError();
  UseAll(std::string(input));
  std::string base64;
  absl::Base64Escape(absl::string_view(input.data(), input.size()), &base64);
  for (size_t at = 64; at < base64.size(); at += 65) base64.insert(at, 1, '\n');
  UseAll(absl::StrCat("-----BEGIN CERTIFICATE-----\n", base64, "\n-----END CERTIFICATE-----\n"));
}

}  // namespace nmn::fuzz
