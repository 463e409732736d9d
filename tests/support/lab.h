#pragma once

#include <string>

#include "common/tls/authority.h"
#include "common/tls/material.h"
#include "tests/support/subprocess.h"

namespace nmn::testing {

inline constexpr int64_t kDay = 24 * 3600;

// An authority, and folders with certificates that it signed, as --tls takes them.
class Lab {
 public:
  Lab();

  const tls::KeyPair& authority() const { return authority_; }
  std::string ca_pem() const { return authority_.certificate.pem(); }
  const std::string& path() const { return directory_.path(); }

  // A pair signed by this authority, for an identity such as "nmn://actor/a"; a learner's names loopback.
  tls::KeyPair Issue(const std::string& uri, int64_t from = -kDay, int64_t until = 30 * kDay) const;
  // A pair for whatever is in the request.
  tls::KeyPair Sign(const tls::CertificateRequest& request) const;
  static tls::CertificateRequest Request(const std::string& uri, int64_t from = -kDay, int64_t until = 30 * kDay);

  // Writes tls.crt, tls.key and ca.crt below the lab's directory, and returns the folder.
  std::string Write(const std::string& name, const tls::KeyPair& pair) const;
  std::string Write(const std::string& name, const tls::KeyPair& pair, const std::string& ca_pem) const;

 private:
  TemporaryDirectory directory_;
  tls::KeyPair authority_;
};

// Of a folder with the usual names.
tls::Files FilesIn(const std::string& folder);

}  // namespace nmn::testing
