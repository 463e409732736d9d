#include "cli/embedded_actors.h"

#include "absl/strings/str_cat.h"
#include "actor/session.h"
#include "common/build/build.h"
#include "common/nn/denormals.h"

namespace nmn::cli {

EmbeddedActors::EmbeddedActors(service::LearnerServer& server, uint32_t count, std::function<void()> on_failure)
    : on_failure_(std::move(on_failure)) {
  for (uint32_t i = 0; i < count; ++i) {
    actor::ActorSession::Options options;
    options.actor_id = absl::StrCat("embedded-", i);
    options.learner = "this process";
    options.outlives_learner = false;
    options.build = build::ThisBuild();
    threads_.emplace_back([this, channel = server.InProcessChannel(), options] {
      const nn::ScopedFlushDenormals flush_denormals;
      const ExitCode code = actor::ActorSession(channel, options).Run(stop_.get_token());
      if (code == kExitDone) return;
      ExitCode none = kExitDone;
      outcome_.compare_exchange_strong(none, code);
      on_failure_();
    });
  }
}

void EmbeddedActors::Stop() {
  stop_.request_stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace nmn::cli
