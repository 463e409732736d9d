#include "bridge/python_task.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "absl/strings/str_cat.h"

namespace nmn::bridge {
namespace {

using nlohmann::json;

// std::out_of_range says what it is if it does not fit.
uint32_t Whole(const json& number, const char* what) {
  if (!number.is_number_unsigned() || number.get<uint64_t>() > UINT32_MAX)
    throw std::out_of_range(absl::StrCat(what, " is ", number.dump()));
  return number.get<uint32_t>();
}

// JSON has no infinity: null stands for it.
std::vector<float> Numbers(const json& list, float infinity) {
  std::vector<float> numbers;
  for (const json& number : list) numbers.push_back(number.is_null() ? infinity : number.get<float>());
  return numbers;
}

std::vector<float> Lows(const json& list) { return Numbers(list, -std::numeric_limits<float>::infinity()); }
std::vector<float> Highs(const json& list) { return Numbers(list, std::numeric_limits<float>::infinity()); }

v1::ActionSpace ParseActionSpace(const json& description) {
  v1::ActionSpace space;
  if (description.contains("discrete")) {
    space.set_discrete(Whole(description["discrete"], "a number of choices"));
  } else if (description.contains("multi_discrete")) {
    for (const json& choices : description["multi_discrete"])
      space.mutable_multi_discrete()->add_choices(Whole(choices, "a number of choices"));
  } else {
    const std::vector<float> low = Lows(description.at("box").at("low")), high = Highs(description["box"].at("high"));
    v1::BoxSpace& box = *space.mutable_box();
    box.set_bound(v1::BoxSpace::CLIP);
    for (size_t i = 0; i < low.size(); ++i) AddNumber(low[i], high.at(i), box);
  }
  return space;
}

FoundTask Parse(const json& description) {
  FoundTask found;
  found.spec.set_name(description.at("name").get<std::string>());
  found.spec.set_version(Whole(description.at("version"), "version"));
  found.spec.set_observation_size(Whole(description.at("observation_size"), "observation_size"));
  found.spec.set_horizon(Whole(description.at("horizon"), "horizon"));
  found.spec.set_has_trials(true);
  *found.spec.mutable_action() = ParseActionSpace(description.at("action"));
  found.low = Lows(description.at("low"));
  found.high = Highs(description.at("high"));
  found.python = description.at("python").get<std::string>();
  found.numpy = description.at("numpy").get<std::string>();
  found.gymnasium = description.at("gymnasium").get<std::string>();
  return found;
}

}  // namespace

absl::StatusOr<FoundTask> ParseFoundTask(std::string_view text) {
  FoundTask found;
  try {
    found = Parse(json::parse(text));
  } catch (const std::exception& error) {  // nlohmann's, or std::vector::at
    return absl::InternalError(absl::StrCat("a worker's description is broken: ", error.what()));
  }
  const size_t size = found.spec.observation_size();
  if (found.low.size() != size || found.high.size() != size)
    return absl::InternalError("a worker's description has bounds of another size");
  if (absl::Status status = CheckFoundTask(found); !status.ok()) return status;
  return found;
}

absl::StatusOr<WorkerFailure> ParseWorkerFailure(std::string_view text) {
  try {
    const json failure = json::parse(text);
    return WorkerFailure{.doing = failure.value("doing", ""),
                         .what = failure.value("what", ""),
                         .traceback = failure.value("traceback", ""),
                         .refusal = failure.value("refusal", false)};
  } catch (const json::exception&) {
    return absl::InternalError("what it says of its failure cannot be read");
  }
}

}  // namespace nmn::bridge
