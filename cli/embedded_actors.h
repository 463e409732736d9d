#pragma once

#include <atomic>
#include <functional>
#include <stop_token>
#include <thread>
#include <vector>

#include "common/exit_code/exit_code.h"
#include "learner/service/learner_server.h"

namespace nmn::cli {

// Actors in this process, one thread each, over the server's in-process channel: the same session as nmn-actor's.
class EmbeddedActors {
 public:
  // `on_failure` is called, from an actor's thread, when one ends for another reason than the run's end or Stop.
  EmbeddedActors(service::LearnerServer& server, uint32_t count, std::function<void()> on_failure);
  ~EmbeddedActors() { Stop(); }
  EmbeddedActors(const EmbeddedActors&) = delete;
  EmbeddedActors& operator=(const EmbeddedActors&) = delete;

  // Ends and joins them; those that heard of the run's end have ended already. Idempotent.
  void Stop();

  // kExitDone, or the exit code of the first that failed; the log says why.
  ExitCode outcome() const { return outcome_; }

 private:
  std::stop_source stop_;
  std::function<void()> on_failure_;
  std::atomic<ExitCode> outcome_{kExitDone};
  std::vector<std::thread> threads_;
};

}  // namespace nmn::cli
