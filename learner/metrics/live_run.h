#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "common/sync/mutex.h"
#include "learner/metrics/update_history.h"
#include "nmn/v1/learner.pb.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::metrics {

// A learner at one moment.
struct LearnerStatus {
  v1::GetStatusResponse status;  // what `nmn status` hears
  absl::Status health;           // what /healthz says
};

// A run as its live page shows it: /api/run.json, field by field in docs/live_page.md. The run tells it of each update
// and copies a row for it. The thread that asks makes the text, and holds no lock meanwhile. Thread-safe.
class LiveRun {
 public:
  using Source = std::function<LearnerStatus()>;
  static constexpr size_t kMostActors = 500;    // how many actors are listed at most
  static constexpr size_t kRecentUpdates = 20;  // how many updates time.recent is about

  // `run`: the name of the run directory.
  LiveRun(const v1::RunConfig& config, std::string run);

  // From now on the text has what `source` says. Before the first source the learner is starting. Null means that it is
  // ending; the text then has what the source before says now. Returns once nobody uses that one.
  void SetSource(Source source);
  // The updates of earlier processes. Before the first OnUpdate.
  void Restore(UpdateHistory history);
  // `kl_target` is the one in force in this update; 0: none.
  void OnUpdate(const MetricsRecord& record, double kl_target);
  // Time of the learner's loop, as TrainingMetrics::AddPhase has it, of the update that OnUpdate named last.
  void AddPhase(const std::string& phase, double seconds);

  std::string Json() const;

 private:
  using Seconds = std::map<std::string, double>;  // by phase
  // The loop's phases, and within them the parts of an update, which may run side by side.
  struct Times {
    Seconds loop;
    Seconds parts;
  };
  struct Told {
    UpdateHistory history;
    Times process;
    std::deque<Times> recent;  // of the last updates
    double kl_target = 0;
  };

  const v1::RunConfig config_;
  const std::string run_;
  mutable Mutex source_mutex_;
  Source source_ NMN_GUARDED_BY(source_mutex_);
  LearnerStatus without_ NMN_GUARDED_BY(source_mutex_);  // used while there is no source
  mutable Mutex mutex_;
  Told told_ NMN_GUARDED_BY(mutex_);
};

}  // namespace nmn::metrics
