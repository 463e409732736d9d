#pragma once

#include <prometheus/collectable.h>

#include <vector>

namespace nmn::metrics {

// process_*: what every Prometheus client tells of its process, read from /proc at each scrape. Empty without /proc.
class ProcessMetrics : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace nmn::metrics
