#include "common/tls/trust.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace nmn::tls {
namespace {

// At least 112 bits: no RSA below 2048, no SHA-1.
constexpr int kSecurityLevel = 2;
constexpr int kDeepestChain = 4;
constexpr size_t kLongestSerial = 40;  // 20 bytes, RFC 5280

Verdict Refused(Refusal refusal, bool known, std::string sentence) {
  Verdict verdict;
  verdict.refusal = refusal;
  verdict.known = known;
  verdict.sentence = std::move(sentence);
  return verdict;
}

std::string CommonNames(const std::vector<Certificate>& authorities) {
  std::vector<std::string> names;
  for (const Certificate& authority : authorities) names.push_back(authority.subject());
  return absl::StrJoin(names, " or ");
}

}  // namespace

absl::StatusOr<std::set<std::string>> ParseRevoked(std::string_view text) {
  std::set<std::string> revoked;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    ++number;
    const std::string serial = absl::AsciiStrToLower(absl::StripAsciiWhitespace(line.substr(0, line.find('#'))));
    if (serial.empty()) continue;
    if (serial.size() > kLongestSerial || serial.find_first_not_of("0123456789abcdef") != std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, " is no serial number; one is of 0-9 and a-f, as nmn certs show prints it"));
    }
    revoked.insert(serial);
  }
  return revoked;
}

Trust::Trust(std::vector<Certificate> authorities, std::set<std::string> revoked)
    : authorities_(std::move(authorities)), revoked_(std::move(revoked)), store_(X509_STORE_new(), X509_STORE_free) {
  for (const Certificate& authority : authorities_) X509_STORE_add_cert(store_.get(), authority.get());
  ERR_clear_error();
}

Verdict Trust::Judge(const Certificate& certificate, const std::vector<Certificate>& chain, int64_t now,
                     int purpose) const {
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> between(
      sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
  for (const Certificate& link : chain) sk_X509_push(between.get(), link.get());
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(X509_STORE_CTX_new(),
                                                                                X509_STORE_CTX_free);
  if (context == nullptr || X509_STORE_CTX_init(context.get(), store_.get(), certificate.get(), between.get()) != 1) {
    return Refused(Refusal::kHandshake, false, absl::StrCat("its certificate cannot be checked: ", OpenSslError()));
  }
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(rules, static_cast<time_t>(now));
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_auth_level(rules, kSecurityLevel);
  X509_VERIFY_PARAM_set_depth(rules, kDeepestChain);
  const bool valid = X509_verify_cert(context.get()) == 1;
  const int error = X509_STORE_CTX_get_error(context.get());
  const bool of_itself = X509_STORE_CTX_get_error_depth(context.get()) == 0;
  ERR_clear_error();
  const std::string who = absl::StrCat("the certificate of ", certificate.Describe());
  const auto refused = [&](Refusal refusal, bool known, const std::string& what) {
    return Refused(refusal, known, absl::StrCat(who, " ", what));
  };
  if (!valid) {
    switch (error) {
      // OpenSSL looks at the dates of a certificate once it has found its signature good.
      case X509_V_ERR_CERT_HAS_EXPIRED:
        if (!of_itself) break;
        return refused(
            Refusal::kExpired, true,
            absl::StrCat("expired on ", FormatTime(certificate.not_after()), "; issue a new one with nmn certs issue"));
      case X509_V_ERR_CERT_NOT_YET_VALID:
        if (!of_itself) break;
        return refused(Refusal::kNotYetValid, true,
                       absl::StrCat("is not valid before ", FormatTime(certificate.not_before()),
                                    "; compare the clocks, here it is ", FormatTime(now)));
      case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return refused(Refusal::kSelfSigned, false,
                       absl::StrCat("signs itself; it must be signed by ", CommonNames(authorities_)));
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
      case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
      case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return refused(Refusal::kUnknownAuthority, false,
                       absl::StrCat("is signed by another authority (", certificate.issuer(), "), not by ",
                                    CommonNames(authorities_)));
      default:
        break;
    }
    return refused(Refusal::kUnfit, false, absl::StrCat("is not taken: ", X509_verify_cert_error_string(error)));
  }
  if (revoked_.count(certificate.serial()) != 0)
    return refused(Refusal::kRevoked, true, "is revoked; issue a new one with nmn certs issue");
  const absl::StatusOr<Identity> identity = FindIdentity(certificate.uris());
  if (!identity.ok())
    return refused(Refusal::kNoIdentity, true, absl::StrCat("is of no use here: ", identity.status().message()));
  Verdict verdict;
  verdict.identity = *identity;
  verdict.known = true;
  return verdict;
}

Verdict Trust::JudgeClient(const Certificate& certificate, const std::vector<Certificate>& chain, int64_t now) const {
  return Judge(certificate, chain, now, X509_PURPOSE_SSL_CLIENT);
}

Verdict Trust::JudgeServer(const Certificate& certificate, const std::vector<Certificate>& chain, int64_t now,
                           const std::string& host) const {
  Verdict verdict = Judge(certificate, chain, now, X509_PURPOSE_SSL_SERVER);
  if (!verdict.accepted()) return verdict;
  if (verdict.identity.role != Role::kLearner) {
    return Refused(Refusal::kWrongRole, true,
                   absl::StrCat("the certificate of ", certificate.Describe(), " is no learner's"));
  }
  if (certificate.NamesHost(host)) return verdict;
  return Refused(
      Refusal::kWrongHost, true,
      absl::StrCat("the certificate of ", certificate.Describe(), " is for ", absl::StrJoin(certificate.hosts(), ", "),
                   ", not for ", host, "; dial one of these, or issue it with nmn certs issue DIR --learner=", host));
}

}  // namespace nmn::tls
