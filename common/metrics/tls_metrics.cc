#include "common/metrics/tls_metrics.h"

#include <string>
#include <utility>

#include "common/metrics/registry.h"

namespace nmn::metrics {

void TlsMetrics::SetSource(std::shared_ptr<const tls::Tls> tls) {
  MutexLock lock(mutex_);
  tls_ = std::move(tls);
}

std::vector<prometheus::MetricFamily> TlsMetrics::Collect() const {
  tls::Tls::State state;
  {
    MutexLock lock(mutex_);
    if (tls_ != nullptr) state = tls_->state();
  }
  std::vector<std::pair<std::string, double>> refused;
  for (size_t reason = 0; reason < tls::kRefusals; ++reason)
    refused.emplace_back(tls::kRefusalNames[reason], static_cast<double>(state.refused[reason]));
  return {
      CounterFamily("nmn_tls_refused_total", "Handshakes, rpcs and requests refused because of who the peer is.",
                    "reason", refused),
      GaugeFamily("nmn_tls_certificate_end_timestamp_seconds",
                  "When this process's certificate ends; Unix time, 0 without TLS.",
                  static_cast<double>(state.certificate_ends)),
      CounterFamily("nmn_tls_certificates_taken_up_total", "Certificates that took the place of another one.",
                    static_cast<double>(state.reloads)),
      GaugeFamily("nmn_tls_files_broken", "1 while the certificate's files cannot be used and the old one goes on.",
                  state.broken ? 1 : 0),
  };
}

}  // namespace nmn::metrics
