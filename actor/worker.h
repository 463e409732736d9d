#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "actor/actor_metrics.h"
#include "actor/rollout.h"
#include "actor/trajectory_message.h"
#include "actor/weights_assembler.h"
#include "common/sync/mutex.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::actor {

// Units that one set of weights must play.
struct Job {
  std::vector<v1::UnitId> units;  // of one update
  std::shared_ptr<const PolicyWeights> weights;
};

// The thread that plays: takes a job, rolls its units out in batches as wide as the engine, and hands the messages
// over. Thread-safe.
class Worker {
 public:
  struct Options {
    v1::RunConfig config;
    TrajectoryHeader header;  // policy_version is each job's own
    size_t max_lanes = 0;
    ActorMetrics* metrics = nullptr;  // must live as long as the worker
  };

  // `notify` is called, on the worker's thread, whenever Take has something new.
  Worker(Options options, std::unique_ptr<RolloutEngine> engine, std::function<void()> notify);
  ~Worker();  // abandons its jobs

  void Start(Job job);  // behind the jobs that wait
  // Gives up all jobs. Nothing is left of what is not finished.
  void Abandon();

  struct Output {
    std::vector<v1::Trajectory> trajectories;
    absl::Status failure;  // of the engine; the worker goes on
  };
  Output Take();

  bool HasUnit(const v1::UnitId& unit) const;  // it waits or is being played; units in an output do not count
  uint64_t environment_steps() const;
  double steps_per_second() const;  // of the last batch

 private:
  void Loop();
  void Play(const Job& job);
  // Plays again what failed, a few times, if that may help.
  absl::StatusOr<RolloutResult> Roll(const env::BatchKey& key, size_t lanes);
  absl::Status PlayBatch(const Job& job, size_t first, size_t count);

  const Options options_;
  const std::unique_ptr<RolloutEngine> engine_;
  const std::function<void()> notify_;
  std::atomic<bool> abandon_{false};

  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ NMN_GUARDED_BY(mutex_) = false;
  std::vector<Job> jobs_ NMN_GUARDED_BY(mutex_);  // the first is being played
  size_t units_out_ NMN_GUARDED_BY(mutex_) = 0;   // of the first, already in an output
  Output output_ NMN_GUARDED_BY(mutex_);
  uint64_t environment_steps_ NMN_GUARDED_BY(mutex_) = 0;
  double steps_per_second_ NMN_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace nmn::actor
