#include "cli/trace/recorder.h"

#include <algorithm>
#include <utility>

#include "cli/trace/modulation.h"
#include "common/nn/denormals.h"
#include "common/trajectory/step_inputs.h"

namespace nmn::trace {
namespace {

// The first lane of each row.
std::vector<float> FirstLane(ConstView2 view) {
  std::vector<float> values(view.rows);
  for (size_t i = 0; i < view.rows; ++i) values[i] = view(i, 0);
  return values;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Recorder>> Recorder::Create(const env::EnvironmentSpec& environment,
                                                           const policy::NetworkPolicy* policy,
                                                           const std::string& columns, uint32_t every) {
  std::unique_ptr<Recorder> recorder(new Recorder(environment, policy, every));
  if (policy != nullptr) {
    absl::StatusOr<nn::NetworkSpec> actor = nn::MakeNetworkSpec(policy->config, nn::Role::kActor);
    if (!actor.ok()) return actor.status();
    recorder->network_ = *std::move(actor);
  }
  const nn::NetworkSpec* network = recorder->network_ ? &*recorder->network_ : nullptr;
  absl::StatusOr<std::vector<Column>> chosen = ChooseColumns(AllColumns(environment, network), columns);
  if (!chosen.ok()) return chosen.status();
  recorder->columns_ = *std::move(chosen);
  if (!recorder->Wants(Source::kValue)) return recorder;

  absl::StatusOr<nn::NetworkSpec> critic = nn::MakeNetworkSpec(policy->config, nn::Role::kCritic);
  if (!critic.ok()) return critic.status();
  absl::StatusOr<std::unique_ptr<nn::PolicyForward>> forward = nn::PolicyForward::Create(*critic, 1);
  if (!forward.ok()) return forward.status();
  recorder->critic_ = *std::move(forward);
  recorder->critic_->SetParameters(policy->critic);
  return recorder;
}

bool Recorder::Wants(Source source) const {
  return std::any_of(columns_.begin(), columns_.end(), [&](const Column& column) { return column.source == source; });
}

void Recorder::OnStep(uint32_t t, const env::BatchedEnvironment& environment, const nn::PolicyForward* network) {
  environment.ReadTask(0, task_);
  environment.ReadState(0, state_);
  tasks_.push_back(task_);
  states_.push_back(state_);
  if (network == nullptr) return;
  signals_.push_back(FirstLane(network->signal()));
  if (Wants(Source::kHidden)) hidden_.push_back(FirstLane(network->state()));
}

std::vector<float> Recorder::Values(const play::PlayedBatch& batch) {
  const nn::ScopedFlushDenormals flush;
  std::vector<float> values(batch.trajectories.steps());
  trajectory::StepInputs inputs(critic_->spec(), 1);
  critic_->Reset(1);
  for (size_t t = 0; t < values.size(); ++t) inputs.Step(batch.trajectories, t, *critic_, View2(&values[t], 1, 1));
  return values;
}

absl::StatusOr<Block> Recorder::Record(play::Player& player, uint32_t episode) {
  for (auto* steps : {&tasks_, &states_, &signals_, &hidden_}) steps->clear();
  absl::StatusOr<play::PlayedBatch> played = player.Play(episode, 1, this);
  if (!played.ok()) return played.status();
  const play::PlayedBatch& batch = *played;
  const std::vector<float> values = critic_ == nullptr ? std::vector<float>() : Values(batch);

  Block block;
  block.episode = episode;
  block.values.resize(columns_.size());
  const bool wants_modulation = Wants(Source::kModulation);
  for (uint32_t t = 0; t < batch.trajectories.steps(); t += every_) {
    block.t.push_back(t);
    std::vector<float> modulation;
    if (wants_modulation) {
      const std::vector<float> zeros(signals_[t].size());
      modulation = Modulation(*network_, policy_->actor, signals_[t], t == 0 ? zeros : signals_[t - 1]);
    }
    const auto value = [&](const Column& column) -> float {
      switch (column.source) {
        case Source::kEpisode:
        case Source::kStep:
          break;
        case Source::kTask:
          return tasks_[t][column.index];
        case Source::kState:
          return states_[t][column.index];
        case Source::kRecord:
          return batch.trajectories.Of(column.field).plane(t)(column.index, 0);
        case Source::kPreviousRecord:
          return t == 0 ? 0 : batch.trajectories.Of(column.field).plane(t - 1)(column.index, 0);
        case Source::kSignal:
          return signals_[t][column.index];
        case Source::kHidden:
          return hidden_[t][column.index];
        case Source::kModulation:
          return modulation[column.index];
        case Source::kValue:
          return values[t];
      }
      return 0;
    };
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (!columns_[c].whole()) block.values[c].push_back(value(columns_[c]));
    }
  }
  return block;
}

}  // namespace nmn::trace
