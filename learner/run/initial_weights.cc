#include "learner/run/initial_weights.h"

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/config/config.h"
#include "common/digest/sha256.h"
#include "common/fs/file_system.h"
#include "common/text/prefixed.h"
#include "learner/ppo/schedules.h"

namespace nmn::run {

absl::StatusOr<std::optional<policy::NetworkPolicy>> LoadInitialWeights(const RunOptions& options,
                                                                        v1::RunConfig& config) {
  if (options.init_from.empty()) {
    if (!config.has_init_weights_sha256()) return std::nullopt;
    return absl::InvalidArgumentError(
        absl::StrCat("the config says that the run begins with weights of SHA-256 ", config.init_weights_sha256(),
                     "; name them with --init_from, or take init_weights_sha256 out of it"));
  }
  absl::StatusOr<policy::NetworkPolicy> source = policy::LoadNetworkPolicy(fs::RealFileSystem(), options.init_from);
  if (!source.ok()) return text::Prefixed("--init_from", source.status());
  const std::string digest = WeightsSha256(source->weights);
  if (config.has_init_weights_sha256() && config.init_weights_sha256() != digest) {
    return absl::InvalidArgumentError(absl::StrCat("--init_from=", options.init_from, " has weights of SHA-256 ",
                                                   digest, ", and the config's init_weights_sha256 is ",
                                                   config.init_weights_sha256()));
  }
  config.set_init_weights_sha256(digest);
  return *std::move(source);
}

absl::StatusOr<v1::Lineage> LineageOf(const policy::NetworkPolicy& source, const std::string& name,
                                      const v1::RunConfig& config) {
  const v1::Architecture theirs = source.config.network().architecture(), ours = config.network().architecture();
  if (theirs != ours) {
    return absl::InvalidArgumentError(
        absl::StrCat("--init_from=", name, " has the weights of an ", v1::Architecture_Name(theirs),
                     ", and this run's networks are ", v1::Architecture_Name(ours), ": the inputs of an ",
                     v1::Architecture_Name(theirs), " mean other things; name a source of network.architecture ",
                     v1::Architecture_Name(ours)));
  }
  const absl::StatusOr<std::vector<NamedTensor>> tensors = policy::TensorsOf(config);
  if (!tensors.ok()) return tensors.status();
  std::map<std::string, std::vector<int64_t>> there;
  for (const NamedTensor& tensor : source.weights) there[tensor.name] = tensor.shape;
  v1::Lineage lineage;
  lineage.set_source(name);
  lineage.set_run_id(source.run_id);
  lineage.set_update(source.update);
  lineage.set_weights_sha256(WeightsSha256(source.weights));
  bool any_matrix = false;
  for (const NamedTensor& tensor : *tensors) {
    const auto found = there.find(tensor.name);
    if (found == there.end() || found->second != tensor.shape) {
      lineage.add_left(tensor.name);
      continue;
    }
    lineage.add_taken(tensor.name);
    any_matrix = any_matrix || tensor.shape.size() > 1;
  }
  // The biases of the heads fit always.
  if (any_matrix) return lineage;
  return absl::InvalidArgumentError(
      absl::StrCat("--init_from=", name,
                   ": none of its matrices has the name and shape of one of this run's; "
                   "network.recurrent_sizes, hidden_sizes and signal_size decide the shapes"));
}

absl::Status TakeWeights(const policy::NetworkPolicy& source, const v1::Lineage& lineage, ppo::Trainer& trainer) {
  const std::set<std::string> taken(lineage.taken().begin(), lineage.taken().end());
  std::map<std::string, const NamedTensor*> there;
  for (const NamedTensor& tensor : source.weights) there[tensor.name] = &tensor;
  ppo::TrainerState state = trainer.Save();
  for (NamedTensor& tensor : state.weights) {
    if (taken.contains(tensor.name)) tensor.values = there.at(tensor.name)->values;
  }
  return trainer.Restore(state);
}

std::string Describe(const v1::Lineage& lineage) {
  std::string text = absl::StrCat("began with ", lineage.source(), ", update ", lineage.update(), ": took ",
                                  lineage.taken_size(), " of ", lineage.taken_size() + lineage.left_size(), " tensors");
  if (!lineage.left().empty()) {
    absl::StrAppend(
        &text, "; of another shape there, or not there at all, and so fresh: ", absl::StrJoin(lineage.left(), ", "));
  }
  return text;
}

std::optional<std::string> OtherMeanings(const v1::RunConfig& source, const v1::RunConfig& config) {
  const std::set<std::string> meanings = {"benchmark", "network.formula", "network.signal_wiring",
                                          "normalize.observation", "normalize.reward"};
  std::vector<std::string> other;
  for (const std::string& field : config::Differences(source, config)) {
    if (meanings.count(field) != 0) other.push_back(field);
  }
  if (other.empty()) return std::nullopt;
  return absl::StrCat("the weights of --init_from were trained under another ", absl::StrJoin(other, ", "),
                      "; what is taken may mean something else here");
}

std::optional<std::string> FasterThanSource(const policy::NetworkPolicy& source, const v1::RunConfig& config) {
  constexpr double kSame = 1.5;  // up to this factor, a rate is called the same
  const auto rate_in = [](const v1::RunConfig& of, uint32_t update) {
    return of.ppo().policy().learning_rate() * ppo::RateFactor(of.ppo(), update);
  };
  if (source.update == 0) return std::nullopt;  // nothing was learnt
  const double before = rate_in(source.config, source.update), now = rate_in(config, 1);
  if (now <= kSame * before) return std::nullopt;
  return absl::StrFormat(
      "the policy's learning rate begins at %.3g, and the source of --init_from stopped with %.3g: at first, training "
      "may undo what was learnt. --set ppo.policy.learning_rate=%.3g begins as the source stopped",
      now, before, before);
}

}  // namespace nmn::run
