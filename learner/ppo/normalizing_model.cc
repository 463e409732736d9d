#include "learner/ppo/normalizing_model.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <utility>

namespace nmn::ppo {
namespace {

class NormalizingModel final : public SequenceModel {
 public:
  NormalizingModel(nn::NetworkSpec spec, std::unique_ptr<SequenceModel> model)
      : spec_(std::move(spec)), model_(std::move(model)) {}

  SequenceOutput Forward(const at::Tensor& parameters, const Sequences& input, const CarriedState& start) override {
    return model_->Forward(parameters, Normalized(parameters, input), start);
  }
  void Backward(const at::Tensor& parameters, const SequenceOutput& pass) override {
    model_->Backward(parameters, pass);
  }
  CarriedState ZeroState(const at::Tensor& parameters, int64_t sequences) const override {
    return model_->ZeroState(parameters, sequences);
  }

 private:
  Sequences Normalized(const at::Tensor& parameters, const Sequences& input) const {
    const c10::NoGradGuard no_grad;
    const bool rnn = spec_.options.architecture() == v1::RNN;
    const int64_t d = spec_.observation_size;
    const int64_t reward = (rnn ? d : 0) + spec_.action_size;
    const int64_t x = rnn ? 0 : reward + 1 + spec_.trial_end_inputs;
    Sequences read{input.recurrent_input.clone(), input.main_input};
    if (spec_.normalizes_reward)
      read.recurrent_input.select(1, reward).div_(Statistic(spec_, parameters, nn::kRewardScale));
    if (!spec_.normalizes_observation) return read;
    const auto normalize_rows = [&](int64_t first) {
      const at::Tensor rows = read.recurrent_input.narrow(1, first, d);
      rows.copy_(Observation(parameters, rows));
    };
    normalize_rows(x);
    if (spec_.options.previous_observation()) normalize_rows(spec_.recurrent_input_size - d);
    if (!rnn) read.main_input = Observation(parameters, input.main_input);
    return read;
  }

  // x [time, observation_size, sequence]
  at::Tensor Observation(const at::Tensor& parameters, const at::Tensor& x) const {
    const at::Tensor mean = Statistic(spec_, parameters, nn::kObservationMean).unsqueeze(1);
    const at::Tensor deviation = Statistic(spec_, parameters, nn::kObservationDeviation).unsqueeze(1);
    return ((x - mean) / deviation).clamp_(-nn::kMostDeviations, nn::kMostDeviations);
  }

  const nn::NetworkSpec spec_;
  const std::unique_ptr<SequenceModel> model_;
};

}  // namespace

std::unique_ptr<SequenceModel> Normalizing(const nn::NetworkSpec& spec, std::unique_ptr<SequenceModel> model) {
  if (!spec.normalizes_observation && !spec.normalizes_reward) return model;
  return std::make_unique<NormalizingModel>(spec, std::move(model));
}

at::Tensor Statistic(const nn::NetworkSpec& spec, const at::Tensor& parameters, const char* name) {
  const nn::TensorSpec& tensor = spec.tensor(name);
  return parameters.detach().narrow(0, static_cast<int64_t>(tensor.offset), static_cast<int64_t>(tensor.size));
}

}  // namespace nmn::ppo
