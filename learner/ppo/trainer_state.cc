#include "learner/ppo/trainer_state.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "learner/ppo/transfer.h"

namespace nmn::ppo {
namespace {

NamedTensor ToNamed(const std::string& name, const at::Tensor& tensor) {
  const at::Tensor host = ToHost(tensor);
  const float* data = host.data_ptr<float>();
  return {name, host.sizes().vec(), std::vector<float>(data, data + host.numel())};
}

}  // namespace

void AppendWeights(const std::string& role, const LearnedNetwork& network, std::vector<NamedTensor>& weights) {
  const at::Tensor flat = ToHost(network.parameters);
  const float* data = flat.data_ptr<float>();
  for (const nn::TensorSpec& tensor : network.spec.tensors) {
    weights.push_back({absl::StrCat(role, ".", tensor.name), tensor.shape,
                       std::vector<float>(data + tensor.offset, data + tensor.offset + tensor.size)});
  }
}

void AppendOptimizer(const std::string& role, const LearnedNetwork& network, std::vector<NamedTensor>& optimizer) {
  optimizer.push_back(ToNamed(role + ".adam.first_moment", network.adam.first_moment));
  optimizer.push_back(ToNamed(role + ".adam.second_moment", network.adam.second_moment));
}

void AppendReplay(const CriticReplay& replay, std::vector<NamedTensor>& optimizer) {
  if (replay.size() == 0) return;
  optimizer.push_back(ToNamed("replay.recurrent_input", replay.episodes.recurrent_input));
  optimizer.push_back(ToNamed("replay.main_input", replay.episodes.main_input));
  optimizer.push_back(ToNamed("replay.returns", replay.returns));
}

absl::Status StateReader::Find(const std::string& name, const std::vector<int64_t>& shape, const NamedTensor*& tensor) {
  if (next_ == tensors_.size()) return absl::InvalidArgumentError(absl::StrCat("tensor ", name, " is missing"));
  tensor = &tensors_[next_++];
  if (tensor->name != name) {
    return absl::InvalidArgumentError(absl::StrCat("tensor ", tensor->name, " stands where ", name, " is expected"));
  }
  size_t size = 1;
  for (const int64_t axis : shape) size *= static_cast<size_t>(axis);
  if (tensor->shape != shape || tensor->values.size() != size) {
    return absl::InvalidArgumentError(absl::StrCat("tensor ", name, " has shape [", absl::StrJoin(tensor->shape, ", "),
                                                   "] and ", tensor->values.size(), " values; this run's has [",
                                                   absl::StrJoin(shape, ", "), "]"));
  }
  return absl::OkStatus();
}

absl::Status StateReader::ReadWeights(const std::string& role, const nn::NetworkSpec& spec, std::vector<float>& flat) {
  flat.clear();
  for (const nn::TensorSpec& expected : spec.tensors) {
    const NamedTensor* tensor = nullptr;
    absl::Status status = Find(absl::StrCat(role, ".", expected.name), expected.shape, tensor);
    if (!status.ok()) return status;
    flat.insert(flat.end(), tensor->values.begin(), tensor->values.end());
  }
  return absl::OkStatus();
}

absl::Status StateReader::Read(const std::string& name, const std::vector<int64_t>& shape, at::Tensor& tensor) {
  const NamedTensor* found = nullptr;
  if (absl::Status status = Find(name, shape, found); !status.ok()) return status;
  tensor = at::empty(shape, at::kFloat);
  std::copy(found->values.begin(), found->values.end(), tensor.data_ptr<float>());
  return absl::OkStatus();
}

absl::Status StateReader::Finish() const {
  if (next_ == tensors_.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("tensor ", tensors_[next_].name, " is not known to this run"));
}

absl::Status ReadNetwork(const std::string& role, StateReader& weights, StateReader& optimizer,
                         LearnedNetwork& network) {
  const at::Device device = network.parameters.device();
  std::vector<float> flat;
  if (absl::Status status = weights.ReadWeights(role, network.spec, flat); !status.ok()) return status;
  network.parameters = ParameterLeaf(flat, device);
  const std::vector<int64_t> shape = {static_cast<int64_t>(network.spec.parameter_count)};
  for (const auto& [name, moment] : {std::pair{"first_moment", &network.adam.first_moment},
                                     std::pair{"second_moment", &network.adam.second_moment}}) {
    absl::Status status = optimizer.Read(absl::StrCat(role, ".adam.", name), shape, *moment);
    if (!status.ok()) return status;
    *moment = ToDevice(*moment, device);
  }
  return absl::OkStatus();
}

absl::Status ReadReplay(const LearnedNetwork& critic, int64_t steps, int64_t episodes, StateReader& optimizer,
                        CriticReplay& replay) {
  replay = CriticReplay{};
  if (episodes == 0) return absl::OkStatus();
  for (const auto& [name, shape, tensor] :
       {std::tuple{"replay.recurrent_input", std::vector<int64_t>{steps, critic.spec.recurrent_input_size, episodes},
                   &replay.episodes.recurrent_input},
        std::tuple{"replay.main_input", std::vector<int64_t>{steps, critic.spec.main_input_size, episodes},
                   &replay.episodes.main_input},
        std::tuple{"replay.returns", std::vector<int64_t>{steps, episodes}, &replay.returns}}) {
    if (absl::Status status = optimizer.Read(name, shape, *tensor); !status.ok()) return status;
    *tensor = ToDevice(*tensor, critic.parameters.device());
  }
  return absl::OkStatus();
}

}  // namespace nmn::ppo
