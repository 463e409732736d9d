#include "common/digest/sha256.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include <bit>
#include <cstdlib>

#include "absl/strings/escaping.h"

namespace nmn {

static_assert(std::endian::native == std::endian::little, "digests and files hold float32 as they lie in memory");

struct Sha256::Context {
  EVP_MD_CTX* evp = nullptr;
};

namespace {

// OpenSSL's SHA-256 fails only for lack of memory.
void Require(int result) {
  if (result != 1) std::abort();
}

// In a context of its own, which reads no configuration: what a digest is does not depend on OPENSSL_CONF, nor whether
// there is one.
const EVP_MD* Algorithm() {
  static const EVP_MD* const algorithm = [] {
    OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
    Require(context != nullptr ? 1 : 0);
    Require(OSSL_PROVIDER_load(context, "default") != nullptr ? 1 : 0);  // built in
    const EVP_MD* const fetched = EVP_MD_fetch(context, "SHA2-256", nullptr);
    Require(fetched != nullptr ? 1 : 0);
    return fetched;
  }();
  return algorithm;
}

}  // namespace

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  context_->evp = EVP_MD_CTX_new();
  Require(context_->evp != nullptr ? 1 : 0);
  Require(EVP_DigestInit_ex(context_->evp, Algorithm(), nullptr));
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_->evp); }

void Sha256::Update(std::string_view bytes) { Require(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size())); }

std::string Sha256::Finish() {
  std::string digest(32, '\0');
  unsigned int size = 0;
  Require(EVP_DigestFinal_ex(context_->evp, reinterpret_cast<unsigned char*>(digest.data()), &size));
  return digest;
}

std::string Sha256Of(std::string_view bytes) {
  Sha256 sha;
  sha.Update(bytes);
  return sha.Finish();
}

std::string Hex(std::string_view bytes) { return absl::BytesToHexString({bytes.data(), bytes.size()}); }

std::string WeightsSha256(const std::vector<NamedTensor>& weights) {
  Sha256 sha;
  for (const NamedTensor& tensor : weights) {
    sha.Update({reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float)});
  }
  return Hex(sha.Finish());
}

}  // namespace nmn
