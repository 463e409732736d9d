#include "cli/evaluation.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace nmn::cli {
namespace {

nlohmann::ordered_json Number(double value) {
  if (!std::isfinite(value)) return nullptr;
  return value;
}

}  // namespace

std::string ToJson(const play::Evaluation& evaluation) {
  nlohmann::ordered_json object;
  object["episodes"] = evaluation.episodes;
  object["return_mean"] = Number(evaluation.raw.mean);
  object["return_sem"] = Number(evaluation.raw.standard_error);
  object["discounted_mean"] = Number(evaluation.discounted.mean);
  object["discounted_sem"] = Number(evaluation.discounted.standard_error);
  for (const auto& [name, estimate] : evaluation.measures) {
    object[name + "_mean"] = Number(estimate.mean);
    object[name + "_sem"] = Number(estimate.standard_error);
  }
  nlohmann::ordered_json adaptation = nlohmann::ordered_json::object();
  for (const auto& [step, reward] : evaluation.adaptation) adaptation[std::to_string(step)] = Number(reward);
  object["adaptation"] = adaptation;
  if (evaluation.trials) {
    object["trials_per_episode"] = evaluation.trials->per_episode;
    nlohmann::ordered_json& trials = object["trials"] = nlohmann::ordered_json::object();
    for (const auto& [name, figure] : trajectory::NamedFigures(*evaluation.trials, trajectory::kManyTrials)) {
      trials[name] = {{"return_mean", Number(figure.mean)},
                      {"return_sem", Number(figure.standard_error)},
                      {"episodes", figure.episodes}};
    }
  }
  return object.dump();
}

}  // namespace nmn::cli
