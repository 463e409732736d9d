#include "common/tls/certificate.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/tls/identity.h"

namespace nmn::tls {
namespace {

// A stranger's certificate may hold a name of a hundred kilobytes, which is written into the log.
constexpr size_t kLongestName = 200;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

Bio ReadFrom(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free_all);
}

Bio Memory() { return Bio(BIO_new(BIO_s_mem()), BIO_free_all); }

std::string Content(const Bio& bio) {
  const char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

int64_t Seconds(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<int64_t>(timegm(&parts)) : 0;
}

std::string Name(const X509_NAME* name) {
  const Bio bio = Memory();
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  return Content(bio).substr(0, kLongestName);
}

std::string Text(const ASN1_STRING* text) {
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<size_t>(ASN1_STRING_length(text)));
}

template <typename Take>
void EachName(X509* certificate, Take take) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) take(sk_GENERAL_NAME_value(names.get(), i));
}

// A key that needs a passphrase is refused; OpenSSL's own way is to ask the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

}  // namespace

int64_t UnixNow() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string FormatTime(int64_t unix_seconds) {
  const auto time = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[64];
  return std::string(text, std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &parts));
}

absl::Status CheckOpenSsl() {
  const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> digest(EVP_MD_fetch(nullptr, "SHA2-256", nullptr), EVP_MD_free);
  const std::unique_ptr<EVP_KEYMGMT, decltype(&EVP_KEYMGMT_free)> curves(EVP_KEYMGMT_fetch(nullptr, "EC", nullptr),
                                                                         EVP_KEYMGMT_free);
  if (digest != nullptr && curves != nullptr) return absl::OkStatus();
  ERR_clear_error();
  const char* const file = std::getenv("OPENSSL_CONF");
  return absl::FailedPreconditionError(
      file == nullptr
          ? "OpenSSL's configuration leaves it no SHA-256 or no elliptic curves; mend openssl.cnf (openssl version -d "
            "says where it is)"
          : absl::StrCat("OPENSSL_CONF is ", file,
                         ", a configuration that leaves OpenSSL no SHA-256 or no elliptic "
                         "curves; unset it, or mend that file"));
}

std::string OpenSslError() {
  std::string reason = "unknown error";
  for (unsigned long error = ERR_get_error(); error != 0; error = ERR_get_error()) {
    const char* text = ERR_reason_error_string(error);
    if (text != nullptr) reason = text;
  }
  return reason;
}

absl::StatusOr<std::vector<Certificate>> Certificate::ParseAll(std::string_view pem) {
  const Bio bio = ReadFrom(pem);
  std::vector<Certificate> all;
  ERR_clear_error();
  while (X509* x509 = PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr)) {
    all.emplace_back(std::shared_ptr<X509>(x509, X509_free));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = OpenSslError();
  if (!at_end) return absl::InvalidArgumentError(absl::StrCat("a certificate in it cannot be read: ", reason));
  if (all.empty()) return absl::InvalidArgumentError("there is no certificate in it (-----BEGIN CERTIFICATE-----)");
  return all;
}

std::string Certificate::pem() const {
  const Bio bio = Memory();
  PEM_write_bio_X509(bio.get(), get());
  return Content(bio);
}

int64_t Certificate::not_before() const { return Seconds(X509_get0_notBefore(get())); }
int64_t Certificate::not_after() const { return Seconds(X509_get0_notAfter(get())); }

std::string Certificate::serial() const {
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(get()), nullptr),
                                                           BN_free);
  const std::unique_ptr<char, void (*)(char*)> digits(BN_bn2hex(number.get()), [](char* text) { OPENSSL_free(text); });
  return absl::AsciiStrToLower(digits.get());
}

std::string Certificate::subject() const { return Name(X509_get_subject_name(get())); }
std::string Certificate::issuer() const { return Name(X509_get_issuer_name(get())); }

bool Certificate::self_issued() const {
  return X509_NAME_cmp(X509_get_subject_name(get()), X509_get_issuer_name(get())) == 0;
}

bool Certificate::is_authority() const { return X509_check_ca(get()) != 0; }

std::vector<std::string> Certificate::uris() const {
  std::vector<std::string> uris;
  EachName(get(), [&](const GENERAL_NAME* name) {
    if (name->type == GEN_URI) uris.push_back(Text(name->d.uniformResourceIdentifier));
  });
  return uris;
}

std::vector<std::string> Certificate::hosts() const {
  std::vector<std::string> names, addresses;
  EachName(get(), [&](const GENERAL_NAME* name) {
    if (name->type == GEN_DNS) names.push_back(Text(name->d.dNSName));
    if (name->type != GEN_IPADD) return;
    const std::string bytes = Text(name->d.iPAddress);
    char text[INET6_ADDRSTRLEN] = "";
    if (bytes.size() == 4 || bytes.size() == 16)
      inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof(text));
    addresses.emplace_back(text);
  });
  names.insert(names.end(), addresses.begin(), addresses.end());
  return names;
}

bool Certificate::NamesHost(const std::string& host) const {
  in6_addr address;
  if (inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1)
    return X509_check_ip_asc(get(), host.c_str(), 0) == 1;
  return X509_check_host(get(), host.data(), host.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1;
}

std::string Certificate::Describe() const {
  const absl::StatusOr<Identity> identity = FindIdentity(uris());
  return absl::StrCat(identity.ok() ? ToString(*identity) : subject(), " (serial ", serial(), ")");
}

absl::StatusOr<PrivateKey> PrivateKey::Parse(std::string_view pem) {
  const Bio bio = ReadFrom(pem);
  ERR_clear_error();
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr), EVP_PKEY_free);
  if (key != nullptr) return PrivateKey(std::move(key));
  OpenSslError();
  if (pem.find("ENCRYPTED") != std::string_view::npos) {
    return absl::InvalidArgumentError("the private key needs a passphrase; give one that needs none, with mode 0600");
  }
  return absl::InvalidArgumentError("there is no private key in it that can be read (-----BEGIN PRIVATE KEY-----)");
}

bool PrivateKey::BelongsTo(const Certificate& certificate) const {
  const bool belongs = X509_check_private_key(certificate.get(), get()) == 1;
  ERR_clear_error();
  return belongs;
}

absl::Status PrivateKey::CheckBelongsTo(const Certificate& certificate, std::string_view file) const {
  if (BelongsTo(certificate)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("it is not the key of the certificate in ", std::string(file),
                                                 "; issue both again (nmn certs issue)"));
}

std::string PrivateKey::pem() const {
  const Bio bio = Memory();
  PEM_write_bio_PrivateKey(bio.get(), get(), nullptr, nullptr, 0, nullptr, nullptr);
  return Content(bio);
}

}  // namespace nmn::tls
