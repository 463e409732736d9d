#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <memory>
#include <vector>

#include "common/sync/mutex.h"
#include "common/tls/tls.h"

namespace nmn::metrics {

// The certificate of a process, and whom it refused, read at each scrape. Zeros where it speaks plain text.
// Thread-safe.
class TlsMetrics : public prometheus::Collectable {
 public:
  void SetSource(std::shared_ptr<const tls::Tls> tls);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const tls::Tls> tls_ NMN_GUARDED_BY(mutex_);
};

}  // namespace nmn::metrics
