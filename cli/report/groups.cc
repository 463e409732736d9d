#include "cli/report/groups.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/report/output.h"
#include "common/config/config.h"

namespace nmn::report {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Columns of their own.
const char kArchitecture[] = "network.architecture";

// Every seed of a transfer study begins from weights of its own: which they are is bookkeeping, whether there were any
// is not.
const char kInitWeights[] = "init_weights_sha256";
const char kOldWeights[] = "from old weights";

// A longer value makes a name that runs off its figure.
constexpr size_t kLongestValue = 24;

void CollectPaths(const Descriptor& message, const std::string& prefix, std::vector<std::string>& paths) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor* field = message.field(i);
    if (field->message_type() != nullptr) {
      CollectPaths(*field->message_type(), absl::StrCat(prefix, field->name(), "."), paths);
    } else {
      paths.push_back(prefix + field->name());
    }
  }
}

// Every field of RunConfig that is not a message, in order.
const std::vector<std::string>& AllPaths() {
  static const std::vector<std::string> paths = [] {
    std::vector<std::string> all;
    CollectPaths(*v1::RunConfig::descriptor(), "", all);
    return all;
  }();
  return paths;
}

// The shortest end of `path` that no other field has: "trace_decay", "policy.epochs".
std::string ShortName(const std::string& path) {
  size_t dot = path.rfind('.');
  while (dot != std::string::npos) {
    const std::string end = path.substr(dot);
    const auto same = [&](const std::string& other) { return absl::EndsWith(absl::StrCat(".", other), end); };
    if (std::count_if(AllPaths().begin(), AllPaths().end(), same) == 1) return end.substr(1);
    if (dot == 0) break;
    dot = path.rfind('.', dot - 1);
  }
  return path;
}

// As it stands in labels and columns.
std::string ShownAt(const v1::RunConfig& config, const std::string& path) {
  if (path == kInitWeights) return config.init_weights_sha256().empty() ? "fresh" : kOldWeights;
  return config::ValueAt(config, path);
}

// What curves are told apart by.
v1::RunConfig Compared(v1::RunConfig config) {
  config.clear_seed();
  if (config.init_weights_sha256().empty()) {
    config.clear_init_weights_sha256();
  } else {
    config.set_init_weights_sha256(kOldWeights);
  }
  return config;
}

// "trace_decay=0.9" of a name.
std::string Words(const std::string& path, const std::string& value) {
  if (path == kInitWeights) return value;
  std::string shown = value.empty() ? "none" : value;
  if (shown.size() > kLongestValue) shown = absl::StrCat(shown.substr(0, kLongestValue), "..");
  return absl::StrCat(ShortName(path), "=", shown);
}

// The preset that a config says it was made from, as it is today.
std::optional<v1::RunConfig> PresetOf(const v1::RunConfig& config) {
  const std::string architecture = absl::AsciiStrToLower(v1::Architecture_Name(config.network().architecture()));
  absl::StatusOr<v1::RunConfig> preset = config::Preset(config.preset(), config.benchmark(), architecture);
  if (!preset.ok()) return std::nullopt;
  return *std::move(preset);
}

// A field goes into the labels where architecture and preset do not explain that it differs: between groups that have
// both in common, or where a group has another value than its preset.
class Differences {
 public:
  explicit Differences(const std::vector<v1::RunConfig>& configs) : configs_(configs) {
    std::set<std::string> counted;
    for (const v1::RunConfig& config : configs_) {
      for (const std::string& path : config::Differences(configs_[0], config)) counted.insert(path);
      presets_.push_back(PresetOf(config));
    }
    counted.erase(kArchitecture);
    for (const std::string& path : AllPaths()) {
      if (!counted.contains(path)) continue;
      std::vector<bool> shown;
      for (size_t group = 0; group < configs_.size(); ++group) shown.push_back(NeedsShowing(group, path));
      if (std::find(shown.begin(), shown.end(), true) == shown.end()) continue;
      fields.push_back(path);
      shown_.push_back(std::move(shown));
    }
  }

  std::vector<std::string> fields;

  bool Shown(size_t group, size_t field) const { return shown_[field][group]; }

 private:
  bool NeedsShowing(size_t group, const std::string& path) const {
    const v1::RunConfig& config = configs_[group];
    const std::string value = ShownAt(config, path);
    if (presets_[group] && ShownAt(*presets_[group], path) != value) return true;
    for (const v1::RunConfig& other : configs_) {
      const bool alike =
          other.preset() == config.preset() && other.network().architecture() == config.network().architecture();
      if (alike && ShownAt(other, path) != value) return true;
    }
    return false;
  }

  const std::vector<v1::RunConfig>& configs_;
  std::vector<std::optional<v1::RunConfig>> presets_;
  std::vector<std::vector<bool>> shown_;  // [field][group]
};

// "seed 1", "3 seeds", or "3 runs" if some have the same seed.
std::string SeedText(const std::vector<Run>& runs, const Group& group) {
  if (group.runs.size() == 1) return absl::StrCat("seed ", runs[group.runs[0]].config.seed());
  std::set<uint64_t> seeds;
  for (size_t run : group.runs) seeds.insert(runs[run].config.seed());
  return absl::StrCat(group.runs.size(), seeds.size() == group.runs.size() ? " seeds" : " runs");
}

// Where labels are the same, which they are for one config and seed run twice, the directory tells them apart: by its
// name if that is enough.
void TellApart(const std::vector<Run>& runs, std::vector<Group>& groups) {
  for (const bool whole_path : {false, true}) {
    std::multiset<std::string> labels;
    for (const Group& group : groups) labels.insert(group.label);
    for (Group& group : groups) {
      if (labels.count(group.label) < 2) continue;
      const std::string& path = runs[group.runs[0]].path;
      absl::StrAppend(&group.label, " (", whole_path ? path : std::filesystem::path(path).filename().string(), ")");
    }
  }
}

}  // namespace

const Group& Grouping::OfRun(size_t run) const {
  return *std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
    return std::find(group.runs.begin(), group.runs.end(), run) != group.runs.end();
  });
}

std::string Grouping::CsvColumns() const {
  return fields.empty() ? "arch,preset" : absl::StrCat("arch,preset,", absl::StrJoin(fields, ","));
}

std::string Grouping::CsvCells(const Group& group) const {
  std::string cells = absl::StrCat(group.architecture, ",", PlainCsvCell(group.preset));
  for (const std::string& value : group.values) absl::StrAppend(&cells, ",", PlainCsvCell(value));
  return cells;
}

Grouping GroupRuns(const std::vector<Run>& runs, bool each) {
  Grouping grouping;
  std::vector<std::string> keys;
  std::vector<v1::RunConfig> configs;
  for (size_t i = 0; i < runs.size(); ++i) {
    const v1::RunConfig config = Compared(runs[i].config);
    const std::string key = each ? absl::StrCat(i) : config::Hash(config);
    const size_t at = std::find(keys.begin(), keys.end(), key) - keys.begin();
    if (at == keys.size()) {
      keys.push_back(key);
      configs.push_back(config);
      grouping.groups.emplace_back();
    }
    grouping.groups[at].runs.push_back(i);
  }
  if (runs.empty()) return grouping;
  const Differences differences(configs);
  grouping.fields = differences.fields;
  std::map<std::string, size_t> shades;  // of each architecture so far
  for (size_t i = 0; i < grouping.groups.size(); ++i) {
    Group& group = grouping.groups[i];
    group.architecture = v1::Architecture_Name(configs[i].network().architecture());
    group.shade = shades[group.architecture]++;
    group.preset = configs[i].preset();
    std::vector<std::string> words = {group.architecture};
    if (!group.preset.empty()) words.push_back(group.preset);
    for (size_t field = 0; field < grouping.fields.size(); ++field) {
      group.values.push_back(ShownAt(configs[i], grouping.fields[field]));
      if (differences.Shown(i, field)) words.push_back(Words(grouping.fields[field], group.values.back()));
    }
    words.push_back(SeedText(runs, group));
    group.label = absl::StrJoin(words, ", ");
  }
  TellApart(runs, grouping.groups);
  return grouping;
}

}  // namespace nmn::report
