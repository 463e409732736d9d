#pragma once

#include <string>

#include "common/metrics/exporter.h"
#include "common/metrics/tls_metrics.h"
#include "learner/metrics/checkpoint_metrics.h"
#include "learner/metrics/fleet_metrics.h"
#include "learner/metrics/live_run.h"
#include "learner/metrics/rpc_metrics.h"
#include "learner/metrics/training_metrics.h"
#include "learner/page/page.h"

namespace nmn::metrics {

// All that a learner tells of its run, on the port of `exporter`, which it must not outlive: to Prometheus, and to the
// live page.
class LearnerMetrics {
  prometheus::Registry rpc_registry_;  // many series that few ask for: the end of the page

 public:
  LearnerMetrics(Exporter& exporter, const v1::RunConfig& config, const std::string& run)
      : training(exporter.registry(), config, run),
        checkpoints(exporter.registry()),
        rpcs(rpc_registry_),
        live(config, run),
        exporter_(exporter) {
    exporter_.Add(fleet);
    exporter_.Add(tls);
    exporter_.Add(rpc_registry_);
    exporter_.Serve(kPage, page::Page);
    exporter_.Serve(kData, [this] { return page::Data(live.Json()); });
  }
  ~LearnerMetrics() {
    exporter_.Serve(kData, nullptr);
    exporter_.Serve(kPage, nullptr);
    exporter_.Remove(rpc_registry_);
    exporter_.Remove(tls);
    exporter_.Remove(fleet);
  }

  // An update that is done, and where the loop's time goes ("collect", "update", "evaluate", "record", "checkpoint").
  void OnUpdate(const MetricsRecord& record, const UpdateFigures& figures) {
    training.OnUpdate(record, figures);
    live.OnUpdate(record, figures.kl_target);
  }
  void AddPhase(const std::string& phase, double seconds) {
    training.AddPhase(phase, seconds);
    live.AddPhase(phase, seconds);
  }

  TrainingMetrics training;
  CheckpointMetrics checkpoints;
  RpcMetrics rpcs;
  FleetMetrics fleet;
  TlsMetrics tls;
  LiveRun live;

 private:
  static constexpr char kPage[] = "/";
  static constexpr char kData[] = "/api/run.json";

  Exporter& exporter_;
};

}  // namespace nmn::metrics
