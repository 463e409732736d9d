#include "common/metrics/port_protection.h"

#include "absl/strings/str_cat.h"
#include "common/metrics/exporter.h"

namespace nmn::metrics {
namespace {

constexpr char kOffWord[] = "off";
constexpr char kServerWord[] = "server";
constexpr char kMutualWord[] = "mutual";

}  // namespace

std::vector<std::string> PortProtections() { return {kOffWord, kServerWord, kMutualWord}; }

absl::StatusOr<PortProtection> ResolveProtection(const std::string& address, const std::string& metrics_tls,
                                                 net::Protection protection) {
  if (absl::Status status = CheckAddress(address); !status.ok()) return status;
  const bool tls = metrics_tls == kServerWord || metrics_tls == kMutualWord;
  if (!tls && !metrics_tls.empty() && metrics_tls != kOffWord) {
    return absl::InvalidArgumentError(
        absl::StrCat("--metrics_tls=", metrics_tls, ": it must be off, server or mutual"));
  }
  if (address == kOff) return PortProtection::kPlainText;
  if (tls && !protection.tls) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--metrics_tls=", metrics_tls, " needs a certificate; give --tls=DIR, a folder that nmn certs issue writes"));
  }
  if (tls) return metrics_tls == kServerWord ? PortProtection::kServer : PortProtection::kMutual;
  const bool loopback = net::IsLoopback(*net::ParseAddress(address, "--metrics"));
  if (loopback || metrics_tls == kOffWord || protection.insecure) return PortProtection::kPlainText;
  if (protection.tls) return PortProtection::kMutual;
  return absl::InvalidArgumentError(
      absl::StrCat("--metrics=", address,
                   " leads to other machines, and there is no TLS; give --tls=DIR, a folder that nmn certs issue "
                   "writes, or --metrics_tls=off to let everybody read the pages in plain text"));
}

}  // namespace nmn::metrics
