#include "cli/trace/columns.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/trace/modulation.h"
#include "common/text/suggestion.h"

namespace nmn::trace {
namespace {

using trajectory::Meaning;
using trajectory::TrajectoryLayout;

// Whether `name` is `pattern` with each * standing for any letters, or none.
bool Matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] != '*') {
    return !name.empty() && pattern[0] == name[0] && Matches(pattern.substr(1), name.substr(1));
  }
  while (!pattern.empty() && pattern[0] == '*') pattern.remove_prefix(1);
  for (size_t skipped = 0; skipped <= name.size(); ++skipped) {
    if (Matches(pattern, name.substr(skipped))) return true;
  }
  return false;
}

// "z0 .. z19" for columns that are numbered.
std::string Names(const std::vector<Column>& all) {
  std::vector<std::string> names;
  for (size_t i = 0; i < all.size();) {
    std::string stem = all[i].name;
    while (!stem.empty() && absl::ascii_isdigit(static_cast<unsigned char>(stem.back()))) stem.pop_back();
    size_t end = i + 1;
    while (end < all.size() && all[i].name == stem + "0" && all[end].name == absl::StrCat(stem, end - i)) ++end;
    names.push_back(end - i > 1 ? absl::StrCat(all[i].name, " .. ", all[end - 1].name) : all[i].name);
    i = end;
  }
  return absl::StrJoin(names, ", ");
}

// "; did you mean reward?" Of a pattern nothing can be said.
std::string Meant(const std::string& pattern, const std::vector<Column>& all) {
  if (absl::StrContains(pattern, '*')) return "";
  std::vector<std::string> names;
  for (const Column& column : all) names.push_back(column.name);
  return text::DidYouMean(pattern, names);
}

}  // namespace

std::vector<Column> AllColumns(const env::EnvironmentSpec& environment, const nn::NetworkSpec* network) {
  std::vector<Column> columns = {{"episode", Source::kEpisode}, {"t", Source::kStep}};
  const auto add_each = [&](const std::vector<std::string>& names, const char* prefix, Source source) {
    for (size_t i = 0; i < names.size(); ++i) columns.push_back({prefix + names[i], source, i});
  };
  const auto add_numbered = [&](const std::string& name, size_t count, Source source, bool by_default,
                                size_t first = 0) {
    for (size_t i = 0; i < count; ++i) columns.push_back({absl::StrCat(name, i), source, first + i, by_default});
  };
  add_each(environment.task_variables, "task_", Source::kTask);
  add_each(environment.state_variables, "state_", Source::kState);
  const trajectory::TrialFields trials = trajectory::TrialFieldsOf(environment);
  const uint32_t observation_size = environment.observation_size;
  const auto layout = network == nullptr ? TrajectoryLayout::OfRule(observation_size, environment.action, trials)
                                         : TrajectoryLayout::OfNetwork(observation_size, *network->head, trials);
  const auto add_record = [&](Meaning meaning, const std::string& prefix, Source source) {
    for (const trajectory::FieldSpec& field : layout.fields()) {
      if (field.kind->meaning != meaning) continue;
      const std::string name = prefix + std::string(field.kind->column);
      const bool numbered = field.kind->is_vector || field.width != 1;
      for (uint32_t i = 0; i < field.width; ++i)
        columns.push_back({numbered ? absl::StrCat(name, i) : name, source, i, true, field.kind->id});
    }
  };
  add_record(Meaning::kObserved, "", Source::kRecord);
  add_record(Meaning::kFedBack, "previous_", Source::kPreviousRecord);
  add_record(Meaning::kChosen, "", Source::kRecord);
  add_record(Meaning::kPolicy, "", Source::kRecord);
  if (network != nullptr) {
    add_numbered("z", network->options.signal_size(), Source::kSignal, true);
    add_numbered("h", network->state_size, Source::kHidden, false);
    for (const ModulatedLayer& layer : ModulatedLayers(*network)) {
      add_numbered(layer.name + "_scale", layer.neurons, Source::kModulation, false, layer.first);
      add_numbered(layer.name + "_offset", layer.neurons, Source::kModulation, false, layer.first + layer.neurons);
    }
    columns.push_back({"value", Source::kValue, 0, false});
  }
  add_record(Meaning::kFedBack, "", Source::kRecord);
  return columns;
}

absl::StatusOr<std::vector<Column>> ChooseColumns(const std::vector<Column>& all, const std::string& patterns) {
  std::vector<Column> chosen;
  if (patterns.empty()) {
    std::copy_if(all.begin(), all.end(), std::back_inserter(chosen), [](const Column& c) { return c.by_default; });
    return chosen;
  }
  std::vector<bool> taken(all.size());
  for (const std::string& pattern : std::vector<std::string>(absl::StrSplit(patterns, ','))) {
    bool any = false;
    for (size_t i = 0; i < all.size(); ++i) {
      if (!Matches(pattern, all[i].name)) continue;
      any = true;
      if (!taken[i]) chosen.push_back(all[i]);
      taken[i] = true;
    }
    if (!any) {
      return absl::InvalidArgumentError(
          absl::StrCat("--columns: there is no column \"", pattern, "\"; there are ", Names(all), Meant(pattern, all)));
    }
  }
  return chosen;
}

}  // namespace nmn::trace
