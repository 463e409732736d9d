#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sync/mutex.h"
#include "common/trajectory/batch.h"
#include "learner/metrics/learner_metrics.h"
#include "learner/service/rpc_service.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::service {

// The episodes of one update. They are borrowed, and valid until the update after the next is begun.
struct CollectedBatch {
  trajectory::TrajectoryBatch trajectories;
  const std::vector<std::vector<double>>* measures =
      nullptr;              // [measure][episode], in the order of EnvironmentSpec::measures
  double wait_seconds = 0;  // from the call until all had arrived
  double lag_mean = 0;      // how many versions the policy of an episode was behind; 0 in SYNC
  uint32_t lag_max = 0;
};

// The learner as its actors see it: LearnerService over TCP and in-process, and grpc.health.v1. The health is SERVING
// from the first weights to the end, unless the run is stuck. One run loop drives the server:
//
//   Start -> Publish(1) -> [ Collect(u) -> Publish(u + 1) -> Begin(u + 1) ] .. -> Complete or Drain -> destroy
//
// One thread calls Collect and the rest. The rpcs have threads of their own. The destructor ends every stream.
class LearnerServer {
 public:
  struct Options {
    v1::RunConfig config;  // valid
    std::string config_hash;
    std::string run_id;
    uint32_t generation = 0;
    std::string listen;  // host:port; empty: in-process only
    v1::BuildInfo build;
    bool allow_mixed = false;                    // actors of another build or rounding class, in sync mode
    ingest::EventSink* events = nullptr;         // hears what becomes of units, under the lock; may be null
    metrics::LearnerMetrics* metrics = nullptr;  // of rpcs and fleet; may be null
    std::shared_ptr<tls::Tls> tls;               // of `listen`; null: plain text
    Limits limits;
  };

  // Binds the port. UNAVAILABLE: the port is in use. INVALID_ARGUMENT: the address is wrong. Both name what to change.
  static absl::StatusOr<std::unique_ptr<LearnerServer>> Start(const Options& options);
  ~LearnerServer();

  int port() const { return port_; }                       // 0: in-process only
  const std::string& address() const { return address_; }  // as an actor's --learner takes it; empty: in-process only
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // Publishes the actor's parameters for update `version`, in export order. Actors get the newest only.
  void Publish(uint32_t version, std::span<const float> actor_parameters);

  // Leases the episodes of `update`, whose weights must be published. In ASYNC also those of the max_lag updates after
  // it. Does not wait for them.
  void Begin(uint32_t update);

  // Begins `update` if that is not done, and blocks until all its episodes have arrived. CANCELLED on stop.
  // FAILED_PRECONDITION: the budget ends before `update`, or a unit that was played twice differs.
  absl::StatusOr<CollectedBatch> Collect(uint32_t update, const std::stop_token& stop);

  // While a run is stuck its health is not SERVING. Thread-safe.
  void SetStuck(bool stuck);
  // What grpc.health.v1 says, and why not: UNAVAILABLE, in one line. Thread-safe.
  absl::Status health() const;
  bool serving() const { return health().ok(); }

  void SetProgress(const Progress& progress) { rpcs_->SetProgress(progress); }

  // The run is over. Tells the actors, and waits until each has heard it or 10 s have passed.
  void Complete();
  // The learner stops and may come back. Ends the streams, and waits 2 s at most. Does not wake a call of Collect.
  void Drain();

 private:
  LearnerServer() = default;
  void SayGoodbye(v1::GoodbyeReason reason, double linger_seconds);
  metrics::FleetSnapshot Fleet() const;
  void Open();
  void Close(const char* reason);
  absl::Status HealthLocked() const NMN_REQUIRES(health_mutex_);
  void TellHealth() NMN_REQUIRES(health_mutex_);

  uint64_t max_actors_ = 0;
  metrics::LearnerMetrics* metrics_ = nullptr;
  std::unique_ptr<Hub> hub_;
  std::unique_ptr<RpcService> rpcs_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::string address_;

  mutable Mutex health_mutex_;
  // Null from the first weights to the end.
  const char* closed_ NMN_GUARDED_BY(health_mutex_) = "the learner is starting";
  bool stuck_ NMN_GUARDED_BY(health_mutex_) = false;
};

}  // namespace nmn::service
