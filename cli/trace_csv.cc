#include "cli/trace_csv.h"

#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace nmn::cli {
namespace {

// What the environment hides and the network computes, kept for one episode: [time][variable].
class Recorder final : public StepObserver {
 public:
  explicit Recorder(const env::EnvironmentSpec& spec)
      : task_(spec.task_variables.size()), state_(spec.state_variables.size()) {}

  void Begin() {
    hidden_.clear();
    signals_.clear();
  }

  void OnStep(uint32_t t, const env::BatchedEnvironment& environment, ConstView2 signal) override {
    environment.ReadTask(0, task_);
    environment.ReadState(0, state_);
    std::vector<float>& hidden = hidden_.emplace_back(task_);
    hidden.insert(hidden.end(), state_.begin(), state_.end());
    std::vector<float>& z = signals_.emplace_back();
    for (size_t i = 0; i < signal.rows; ++i) z.push_back(signal(i, 0));
  }

  const std::vector<float>& hidden(size_t t) const { return hidden_[t]; }
  const std::vector<float>& signal(size_t t) const { return signals_[t]; }

 private:
  std::vector<float> task_, state_;
  std::vector<std::vector<float>> hidden_, signals_;
};

void Append(std::string& line, float value) {
  char text[32];
  std::snprintf(text, sizeof text, ",%.9g", static_cast<double>(value));
  line += text;
}

std::string Header(const env::EnvironmentSpec& spec, bool network, size_t signal_size) {
  std::string header = "episode,t";
  for (const std::string& name : spec.task_variables) absl::StrAppend(&header, ",task_", name);
  for (const std::string& name : spec.state_variables) absl::StrAppend(&header, ",state_", name);
  for (uint32_t i = 0; i < spec.observation_size; ++i) absl::StrAppend(&header, ",x", i);
  absl::StrAppend(&header, ",previous_action,previous_reward,u");
  if (network) absl::StrAppend(&header, ",mean,logvar");
  for (size_t i = 0; i < signal_size; ++i) absl::StrAppend(&header, ",z", i);
  return header + ",action,reward\n";
}

std::string Line(uint32_t episode, size_t t, const PlayedBatch& batch, const Recorder& recorder) {
  std::string line = absl::StrCat(episode, ",", t);
  for (float value : recorder.hidden(t)) Append(line, value);
  for (size_t i = 0; i < batch.observation.rows; ++i) Append(line, batch.observation.plane(t)(i, 0));
  Append(line, t == 0 ? 0 : batch.action(t - 1, 0));
  Append(line, t == 0 ? 0 : batch.reward(t - 1, 0));
  Append(line, batch.raw_action(t, 0));
  if (batch.mean.rows != 0) {
    Append(line, batch.mean(t, 0));
    Append(line, batch.log_variance(t, 0));
  }
  for (float value : recorder.signal(t)) Append(line, value);
  Append(line, batch.action(t, 0));
  Append(line, batch.reward(t, 0));
  return line + "\n";
}

}  // namespace

absl::Status WriteTrace(Player& player, const env::EnvironmentSpec& spec, uint32_t episodes, std::ostream& out) {
  Recorder recorder(spec);
  for (uint32_t episode = 0; episode < episodes; ++episode) {
    recorder.Begin();
    absl::StatusOr<PlayedBatch> batch = player.Play(episode, 1, &recorder);
    if (!batch.ok()) return batch.status();
    if (episode == 0) out << Header(spec, batch->mean.rows != 0, recorder.signal(0).size());
    for (size_t t = 0; t < batch->reward.rows; ++t) out << Line(episode, t, *batch, recorder);
  }
  return absl::OkStatus();
}

}  // namespace nmn::cli
