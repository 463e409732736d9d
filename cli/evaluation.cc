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
  return object.dump();
}

}  // namespace nmn::cli
