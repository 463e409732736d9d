#include "tests/support/lab.h"

#include <filesystem>

namespace nmn::testing {
namespace {

tls::KeyPair NewAuthority() {
  const int64_t now = tls::UnixNow();
  return *tls::MakeAuthority("authority of the test", now - 2 * kDay, now + 60 * kDay);
}

}  // namespace

Lab::Lab() : authority_(NewAuthority()) {}

tls::CertificateRequest Lab::Request(const std::string& uri, int64_t from, int64_t until) {
  const int64_t now = tls::UnixNow();
  const auto identity = tls::ParseIdentity(uri);
  tls::CertificateRequest request = tls::RequestFor(identity.ok() ? *identity : tls::Identity(), {}, now, 1);
  request.uris = {uri};
  request.common_name = "for a test";
  request.not_before = now + from;
  request.not_after = now + until;
  return request;
}

tls::KeyPair Lab::Issue(const std::string& uri, int64_t from, int64_t until) const {
  return Sign(Request(uri, from, until));
}

tls::KeyPair Lab::Sign(const tls::CertificateRequest& request) const { return *tls::Issue(authority_, request); }

std::string Lab::Write(const std::string& name, const tls::KeyPair& pair) const { return Write(name, pair, ca_pem()); }

std::string Lab::Write(const std::string& name, const tls::KeyPair& pair, const std::string& ca_pem) const {
  const std::string folder = path() + "/" + name;
  std::filesystem::create_directories(folder);
  WriteFile(folder + "/ca.crt", ca_pem);
  WriteFile(folder + "/tls.key", pair.key.pem());
  WriteFile(folder + "/tls.crt", pair.certificate.pem());
  return folder;
}

tls::Files FilesIn(const std::string& folder) {
  return {
      .certificate = folder + "/tls.crt", .key = folder + "/tls.key", .authority = folder + "/ca.crt", .revoked = ""};
}

}  // namespace nmn::testing
