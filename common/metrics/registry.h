#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/labels.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <string>
#include <utility>
#include <vector>

namespace nmn::metrics {

// One series, which stands in the answer of every scrape from now on. Called again with other labels of the same names,
// adds to the family. A label's bytes that are no UTF-8 become U+FFFD. The metrics live as long as the registry; they
// are safe from any thread.
prometheus::Counter& AddCounter(prometheus::Registry& registry, const std::string& name, const std::string& help,
                                const prometheus::Labels& labels = {});
prometheus::Gauge& AddGauge(prometheus::Registry& registry, const std::string& name, const std::string& help,
                            const prometheus::Labels& labels = {});
prometheus::Histogram& AddHistogram(prometheus::Registry& registry, const std::string& name, const std::string& help,
                                    const std::vector<double>& buckets, const prometheus::Labels& labels = {});

// Families of what is read at the moment of a scrape.
prometheus::MetricFamily CounterFamily(const std::string& name, const std::string& help, double value);
prometheus::MetricFamily GaugeFamily(const std::string& name, const std::string& help, double value);
// One series a value of `label`.
prometheus::MetricFamily CounterFamily(const std::string& name, const std::string& help, const std::string& label,
                                       const std::vector<std::pair<std::string, double>>& values);

}  // namespace nmn::metrics
