#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "actor/actor_metrics.h"
#include "actor/exchange_stream.h"
#include "actor/heartbeat.h"
#include "actor/learner_client.h"
#include "actor/outbox.h"
#include "actor/rollout.h"
#include "actor/weights_assembler.h"
#include "actor/worker.h"
#include "common/exit_code/exit_code.h"
#include "common/net/backoff.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::actor {

// One actor: registers with the learner, takes leases, plays them, sends what came of it; reconnects when the stream
// breaks, for as long as the learner is not gone for connect_timeout. What nmn-actor is, and what each actor thread of
// `nmn train` is.
//
//   register -> hello -> [ weights, lease -> worker plays -> trajectories -> acknowledgements ] .. -> goodbye
//      ^------------------- broken stream: keep what is not acknowledged ----------'
class ActorSession {
 public:
  using EngineFactory =
      std::function<absl::StatusOr<std::unique_ptr<RolloutEngine>>(const v1::RunConfig& config, size_t max_lanes)>;

  struct Options {
    std::string actor_id;  // [a-z0-9-]{1,64}
    std::string learner;   // for messages: the address, or "this process"
    std::string task;      // plays this one only; empty: the run's
    uint32_t lanes = 0;    // most episodes played at once; 0: as many as an update has
    std::chrono::milliseconds connect_timeout = std::chrono::minutes(10);
    bool outlives_learner = true;  // waits for a learner that stops; else ends with it, with 0
    v1::BuildInfo build;
    // Of a learner that was never reached: the same failure, or a better one with the reason. Null: as it is.
    std::function<absl::Status(const absl::Status&)> explain;
    Heartbeat* heartbeat = nullptr;   // of the main loop; may be null
    ActorMetrics* metrics = nullptr;  // null: counted for nobody
    EngineFactory engine = RolloutEngine::Create;
  };

  ActorSession(std::shared_ptr<grpc::Channel> channel, Options options);
  ~ActorSession();

  // Blocks until the run is complete (0), `stop` (0), the learner is absent for too long (1), or something that waiting
  // does not mend (42): the learner refuses this build or name, its task is another, or the engine fails. Says why in
  // one line of the log. Once.
  ExitCode Run(const std::stop_token& stop);

 private:
  // How one stream ended for the session; nothing: reconnect.
  using Outcome = std::optional<ExitCode>;

  Outcome Connect(const std::stop_token& stop);
  Outcome Adopt(v1::RegisterResponse registration);
  Outcome Serve(const std::stop_token& stop);
  Outcome Handle(const v1::LearnerMessage& message, ExchangeStream& stream, const std::stop_token& stop);
  void Adopt(std::shared_ptr<const PolicyWeights> weights);
  void Send(std::shared_ptr<const v1::Trajectory> trajectory, ExchangeStream& stream);
  void HandleWeights(const v1::WeightsChunk& chunk, const std::stop_token& stop);
  void FetchWeights(const std::stop_token& stop);
  void HandleAcknowledgement(const v1::Acknowledgement& acknowledgement);
  bool WeightsFit(const v1::Lease& lease) const;
  void StartLeases(const std::stop_token& stop);
  absl::Status CollectResults();
  void Leave(ExchangeStream& stream);
  void SendHello(ExchangeStream& stream);
  bool PlaysAnotherTask() const;
  void SendHeartbeat(ExchangeStream& stream);
  void Beat();
  void Wake();
  void WaitUntil(std::chrono::steady_clock::time_point deadline);

  const std::shared_ptr<grpc::Channel> channel_;
  const Options options_;
  const uint64_t incarnation_;
  prometheus::Registry unread_;  // of the metrics that nobody asked for
  std::unique_ptr<ActorMetrics> own_metrics_;
  ActorMetrics& metrics_;
  LearnerClient client_;
  net::Backoff backoff_;
  std::chrono::steady_clock::time_point last_contact_;

  // Before the worker, whose thread uses them.
  Mutex mutex_;
  CondVar changed_;
  bool awake_ NMN_GUARDED_BY(mutex_) = false;

  std::optional<v1::RegisterResponse> registration_;
  v1::TaskSpec own_task_;  // the run's as this program plays it
  WeightsAssembler assembler_{kMaxWeightsBytes};
  std::shared_ptr<const PolicyWeights> weights_;
  std::deque<v1::Lease> leases_;  // not begun
  uint32_t playing_update_ = 0;   // SYNC
  uint64_t streams_ = 0;          // so far
  Outbox outbox_;
  std::unique_ptr<Worker> worker_;
  bool goodbye_ = false;  // of the learner, on this stream
  bool broken_ = false;   // what came on this stream makes no sense
};

// A name that no other actor has: the host's, cut to what is legal, and a random part.
std::string DefaultActorId();
// The same below a prefix that is legal ("fleet-").
std::string ActorIdWithPrefix(std::string_view prefix);

}  // namespace nmn::actor
