#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "common/tls/identity.h"

namespace nmn::tls {

// Why somebody was not let in.
enum class Refusal {
  kNoCertificate,
  kExpired,
  kNotYetValid,
  kSelfSigned,
  kUnknownAuthority,
  kRevoked,
  kUnfit,  // signed by the authority, but for another use, or too weak
  kNoIdentity,
  kWrongHost,
  kWrongId,
  kWrongRole,
  kOldProtocol,
  kPlainText,
  kHandshake,  // anything else that ended a handshake
};
inline constexpr size_t kRefusals = static_cast<size_t>(Refusal::kHandshake) + 1;

// As label `reason` of nmn_tls_refused_total.
inline constexpr std::array<std::string_view, kRefusals> kRefusalNames = {
    "no_certificate", "expired",    "not_yet_valid", "self_signed", "unknown_authority", "revoked",    "unfit",
    "no_identity",    "wrong_host", "wrong_id",      "wrong_role",  "old_protocol",      "plain_text", "handshake"};

// What became of a peer's certificate.
struct Verdict {
  Identity identity;               // where it was accepted
  std::optional<Refusal> refusal;  // nothing: accepted
  std::string sentence;            // of the refusal, for both ends
  // The authority signed it, and its holder has the key: such a peer may hear the sentence. A stranger hears nothing.
  bool known = false;

  bool accepted() const { return !refusal.has_value(); }
};

}  // namespace nmn::tls
