#include "common/metrics/registry.h"

#include "common/text/utf8.h"

namespace nmn::metrics {
namespace {

prometheus::Labels Valid(const prometheus::Labels& labels) {
  prometheus::Labels valid;
  for (const auto& [name, value] : labels) valid[name] = text::ValidUtf8(value);
  return valid;
}

}  // namespace

prometheus::Counter& AddCounter(prometheus::Registry& registry, const std::string& name, const std::string& help,
                                const prometheus::Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(Valid(labels));
}

prometheus::Gauge& AddGauge(prometheus::Registry& registry, const std::string& name, const std::string& help,
                            const prometheus::Labels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(Valid(labels));
}

prometheus::Histogram& AddHistogram(prometheus::Registry& registry, const std::string& name, const std::string& help,
                                    const std::vector<double>& buckets, const prometheus::Labels& labels) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(Valid(labels), buckets);
}

prometheus::MetricFamily CounterFamily(const std::string& name, const std::string& help, double value) {
  prometheus::MetricFamily family{name, help, prometheus::MetricType::Counter, {}};
  family.metric.emplace_back().counter.value = value;
  return family;
}

prometheus::MetricFamily GaugeFamily(const std::string& name, const std::string& help, double value) {
  prometheus::MetricFamily family{name, help, prometheus::MetricType::Gauge, {}};
  family.metric.emplace_back().gauge.value = value;
  return family;
}

prometheus::MetricFamily CounterFamily(const std::string& name, const std::string& help, const std::string& label,
                                       const std::vector<std::pair<std::string, double>>& values) {
  prometheus::MetricFamily family{name, help, prometheus::MetricType::Counter, {}};
  for (const auto& [value, count] : values) {
    prometheus::ClientMetric& metric = family.metric.emplace_back();
    metric.label.push_back({label, text::ValidUtf8(value)});
    metric.counter.value = count;
  }
  return family;
}

}  // namespace nmn::metrics
