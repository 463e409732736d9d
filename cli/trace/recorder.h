#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "actor/play/player.h"
#include "cli/trace/columns.h"
#include "cli/trace/output.h"
#include "common/nn/network_spec.h"
#include "learner/policy/policy_file.h"

namespace nmn::trace {

// Collects the chosen columns of one episode at a time: memory for a long trace is that of one episode. Not
// thread-safe.
class Recorder final : public play::StepObserver {
 public:
  // `policy` is null for a rule; it must outlive the recorder. `every`: of every so many steps the first is kept.
  static absl::StatusOr<std::unique_ptr<Recorder>> Create(const env::EnvironmentSpec& environment,
                                                          const policy::NetworkPolicy* policy,
                                                          const std::string& columns, uint32_t every);

  const std::vector<Column>& columns() const { return columns_; }

  // Plays an episode.
  absl::StatusOr<Block> Record(play::Player& player, uint32_t episode);

  void OnStep(uint32_t t, const env::BatchedEnvironment& environment, const nn::PolicyForward* network) override;

 private:
  Recorder(const env::EnvironmentSpec& environment, const policy::NetworkPolicy* policy, uint32_t every)
      : policy_(policy),
        every_(every),
        task_(environment.task_variables.size()),
        state_(environment.state_variables.size()) {}

  bool Wants(Source source) const;
  // V(s_t) of each step.
  std::vector<float> Values(const play::PlayedBatch& batch);

  const policy::NetworkPolicy* policy_;
  const uint32_t every_;
  std::optional<nn::NetworkSpec> network_;     // the actor's
  std::unique_ptr<nn::PolicyForward> critic_;  // where its value is wanted
  std::vector<Column> columns_;
  std::vector<float> task_, state_;
  // Of the episode, [time][variable]; empty where no column wants them.
  std::vector<std::vector<float>> tasks_, states_, signals_, hidden_;
};

}  // namespace nmn::trace
