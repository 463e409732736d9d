#include "cli/sweep/sweep_json.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "cli/sweep/seeds.h"

namespace nmn::sweep {
namespace {

using nlohmann::ordered_json;

// 2: blocks, axes and the engine. 3: values that are lists. 4: weights that the runs begin with. 5: the spec of a task
// of the user's own.
constexpr int kFormat = 5;

// The oldest that has all of the sweep, so that an older nmn reads what it can run.
int FormatOf(const SweepJson& sweep) {
  if (!sweep.grid.task.empty()) return 5;
  if (sweep.grid.init_from) return 4;
  for (const Block& block : sweep.grid.blocks) {
    for (const Axis& axis : block.axes) {
      for (const std::string& value : axis.values) {
        if (value.starts_with('[')) return 3;
      }
    }
  }
  return 2;
}

template <typename Value>
ordered_json OrNull(const std::optional<Value>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

template <typename Value>
void Put(const char* key, const std::optional<Value>& value, ordered_json& json) {
  if (value) json[key] = *value;
}

// These throw ordered_json::exception if a key is missing or of another type. Only Parse calls them.

template <typename Value>
std::optional<Value> Get(const ordered_json& json, const char* key) {
  if (!json.contains(key) || json.at(key).is_null()) return std::nullopt;
  return json.at(key).get<Value>();
}

// Reads a whole number in a range into `value`, and nothing where the key is absent or null. INVALID_ARGUMENT: the key
// has something else; nlohmann's own reader would cut it to what fits. `name` is what the error calls the field.
template <typename Value>
absl::Status GetWhole(const ordered_json& json, const char* key, const std::string& name, Value least, Value most,
                      std::optional<Value>& value) {
  value = std::nullopt;
  if (!json.contains(key) || json.at(key).is_null()) return absl::OkStatus();
  const ordered_json& given = json.at(key);
  if (given.is_number_unsigned()) {
    const uint64_t whole = given.get<uint64_t>();
    if (whole >= least && whole <= most) {
      value = static_cast<Value>(whole);
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(name, " is ", given.is_number() ? given.dump() : given.type_name(),
                                                 "; it must be a whole number from ", least, " to ", most));
}

ordered_json ToJson(const Block& block) {
  ordered_json json;
  json["benchmarks"] = block.benchmarks;
  json["architectures"] = block.architectures;
  json["grid"] = ordered_json::object();
  for (const Axis& axis : block.axes) json["grid"][axis.field] = axis.values;
  json["seeds"] = FormatSeeds(block.seeds);
  return json;
}

absl::StatusOr<Block> ToBlock(const ordered_json& json) {
  Block block;
  json.at("benchmarks").get_to(block.benchmarks);
  json.at("architectures").get_to(block.architectures);
  if (json.contains("grid")) {
    for (const auto& [field, values] : json.at("grid").items())
      block.axes.push_back({field, values.get<std::vector<std::string>>()});
  }
  absl::StatusOr<std::vector<uint64_t>> seeds = ParseSeeds(json.at("seeds").get<std::string>());
  if (!seeds.ok()) return seeds.status();
  block.seeds = *std::move(seeds);
  return block;
}

ordered_json ToJson(const Engine& engine) {
  ordered_json json;
  json["name"] = engine.name;
  Put("jobs", engine.jobs, json);
  Put("threads", engine.threads, json);
  Put("actors", engine.actors, json);
  Put("restarts", engine.restarts, json);
  Put("device", engine.device, json);
  if (!engine.sbatch.empty()) json["sbatch"] = engine.sbatch;
  Put("registry", engine.registry, json);
  Put("tag", engine.tag, json);
  return json;
}

absl::StatusOr<Engine> ToEngine(const ordered_json& json) {
  Engine engine;
  json.at("name").get_to(engine.name);
  if (engine.name != "local" && engine.name != "slurm" && engine.name != "kubernetes")
    return absl::InvalidArgumentError(absl::StrCat("engine.name is \"", engine.name, "\""));
  for (const absl::Status& status :
       {GetWhole<size_t>(json, "jobs", "engine.jobs", 0, kMostJobs, engine.jobs),
        GetWhole<size_t>(json, "threads", "engine.threads", 0, kMostThreads, engine.threads),
        GetWhole<size_t>(json, "actors", "engine.actors", 1, kMostActors, engine.actors),
        GetWhole<size_t>(json, "restarts", "engine.restarts", 0, kMostRestarts, engine.restarts)}) {
    if (!status.ok()) return status;
  }
  engine.device = Get<std::string>(json, "device");
  engine.sbatch = Get<std::vector<std::string>>(json, "sbatch").value_or(engine.sbatch);
  engine.registry = Get<std::string>(json, "registry");
  engine.tag = Get<std::string>(json, "tag");
  return engine;
}

absl::StatusOr<SweepJson> FromJson(const ordered_json& json, int format) {
  SweepJson sweep;
  json.at("preset").get_to(sweep.grid.preset);
  for (const absl::Status& status :
       {GetWhole<uint32_t>(json, "updates", "updates", 1, std::numeric_limits<uint32_t>::max(), sweep.grid.updates),
        GetWhole<uint64_t>(json, "episodes", "episodes", 1, std::numeric_limits<uint64_t>::max(),
                           sweep.grid.episodes)}) {
    if (!status.ok()) return status;
  }
  json.at("set").get_to(sweep.grid.assignments);
  sweep.grid.scale_schedule = Get<bool>(json, "scale_schedule").value_or(false);
  if (json.contains("init_from")) {
    InitialWeights& weights = sweep.grid.init_from.emplace();
    json.at("init_from").at("source").get_to(weights.source);
    json.at("init_from").at("weights_sha256").get_to(weights.weights_sha256);
  }
  sweep.grid.task = Get<std::string>(json, "task").value_or("");
  const ordered_json blocks = format == 1 ? ordered_json::array({json}) : json.at("runs");
  for (const ordered_json& element : blocks) {
    absl::StatusOr<Block> block = ToBlock(element);
    if (!block.ok()) return block.status();
    sweep.grid.blocks.push_back(*std::move(block));
  }
  if (format == 1) return sweep;
  absl::StatusOr<Engine> engine = ToEngine(json.at("engine"));
  if (!engine.ok()) return engine.status();
  sweep.engine = *std::move(engine);
  return sweep;
}

absl::Status Damaged(const std::string& file, absl::string_view why) {
  return absl::DataLossError(absl::StrCat(
      file, " is damaged (", why, "); put a copy of it back, or give the runs' flags again in another directory"));
}

}  // namespace

absl::StatusOr<std::string> Print(const SweepJson& sweep) {
  ordered_json json;
  json["format"] = FormatOf(sweep);
  json["preset"] = sweep.grid.preset;
  json["updates"] = OrNull(sweep.grid.updates);
  json["episodes"] = OrNull(sweep.grid.episodes);
  json["set"] = sweep.grid.assignments;
  json["scale_schedule"] = sweep.grid.scale_schedule;
  if (sweep.grid.init_from) {
    json["init_from"] = {{"source", sweep.grid.init_from->source},
                         {"weights_sha256", sweep.grid.init_from->weights_sha256}};
  }
  if (!sweep.grid.task.empty()) json["task"] = sweep.grid.task;
  json["runs"] = ordered_json::array();
  for (const Block& block : sweep.grid.blocks) json["runs"].push_back(ToJson(block));
  json["engine"] = ToJson(sweep.engine);
  try {
    return json.dump(2) + "\n";
  } catch (const ordered_json::exception&) {
    return absl::InvalidArgumentError(
        "a flag's text is not UTF-8, so sweep.json cannot keep it; see --set, --init_from and --sbatch");
  }
}

absl::StatusOr<SweepJson> Parse(const std::string& text, const std::string& file) {
  const ordered_json json = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Damaged(file, "it is no JSON object");
  const ordered_json format = json.contains("format") ? json["format"] : ordered_json();
  if (!format.is_number_integer() || format < 1) return Damaged(file, "it has no format");
  if (format > kFormat)
    return absl::FailedPreconditionError(absl::StrCat(file, ": format is ", format.dump(), "; this nmn reads up to ",
                                                      kFormat, ": use the newer nmn that wrote it"));
  try {
    absl::StatusOr<SweepJson> sweep = FromJson(json, format.get<int>());
    if (!sweep.ok()) return Damaged(file, sweep.status().message());
    return sweep;
  } catch (const ordered_json::exception& error) {
    return Damaged(file, error.what());
  }
}

}  // namespace nmn::sweep
