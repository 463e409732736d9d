#include "cli/sweep/axes.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/config/config.h"

namespace nmn::sweep {
namespace {

absl::Status Refused(const std::string& text, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat("--grid ", text, ": ", why,
                                                 "; give a field and its values, e.g. ppo.trace_decay=0.9,0.95 or "
                                                 "network.hidden_sizes=[30,10],[50]"));
}

bool IsList(const std::string& value) { return value.size() >= 2 && value.front() == '[' && value.back() == ']'; }

// The values of "0.9,0.95" and of "[30,10],[50]": a comma within brackets parts elements.
std::vector<std::string> SplitValues(std::string_view text) {
  std::vector<std::string> values(1);
  bool within = false;
  for (const char c : text) {
    if (c == '[') within = true;
    if (c == ']') within = false;
    if (c == ',' && !within) {
      values.emplace_back();
    } else {
      values.back() += c;
    }
  }
  return values;
}

// Slurm's scripts, keys of a ConfigMap and a reader of `ls` all take these.
bool IsPlain(const std::string& value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  });
}

// What is wrong with a value; "" if nothing is.
std::string Problem(const std::string& value) {
  if (value.empty()) return "a value is empty";
  // An underscore parts a list's elements in a name.
  const auto plain_element = [](const std::string& element) {
    return !element.empty() && IsPlain(element) && element.find('_') == std::string::npos;
  };
  if (!IsList(value)) {
    if (IsPlain(value)) return "";
    return absl::StrCat("\"", value,
                        "\" has more than letters, digits, dots, dashes and underscores, and it is to be part of a "
                        "directory's name");
  }
  const std::vector<std::string> elements = absl::StrSplit(AssignedValue(value), ',');
  if (value == "[]" || std::all_of(elements.begin(), elements.end(), plain_element)) return "";
  return absl::StrCat("an element of the list ", value,
                      " is empty, or has more than letters, digits, dots and dashes, and it is to be part of a "
                      "directory's name");
}

// The flag that sets a field for the whole sweep; nullptr if none does.
const char* FlagOf(const std::string& field) {
  if (field == "benchmark") return "--task";
  if (field == "network.architecture") return "--arch";
  if (field == "seed") return "--seeds";
  if (field == "preset") return "--preset";
  if (field == "budget" || field.starts_with("budget.")) return "--updates or --episodes";
  return nullptr;
}

absl::Status CheckField(const char* flag, const std::string& name) {
  const std::string field = config::FieldKey(name);
  if (field == "budget.stop_at_return") {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, " ", field, ": every run of a sweep has its whole budget, so that runs can be compared"));
  }
  if (const char* other = FlagOf(field))
    return absl::InvalidArgumentError(absl::StrCat(flag, " ", field, ": in a sweep ", other, " says it"));
  return absl::OkStatus();
}

}  // namespace

bool IsSameField(const std::string& a, const std::string& b) { return config::FieldKey(a) == config::FieldKey(b); }

absl::StatusOr<std::vector<Axis>> ParseAxes(const std::vector<std::string>& texts) {
  std::vector<Axis> axes;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) return Refused(text, "it has no field, or no =");
    Axis axis{std::string(absl::StripAsciiWhitespace(text.substr(0, equals))),
              SplitValues(std::string_view(text).substr(equals + 1))};
    if (std::any_of(axes.begin(), axes.end(), [&](const Axis& other) { return IsSameField(other.field, axis.field); }))
      return Refused(text, absl::StrCat(axis.field, " stands twice"));
    std::set<std::string> seen;
    for (const std::string& value : axis.values) {
      if (const std::string problem = Problem(value); !problem.empty()) return Refused(text, problem);
      if (!seen.insert(ValueInName(value)).second)
        return Refused(text, absl::StrCat("the value ", value, " stands twice"));
    }
    axes.push_back(std::move(axis));
  }
  return axes;
}

std::string AssignedValue(const std::string& value) {
  return IsList(value) ? value.substr(1, value.size() - 2) : value;
}

std::string ValueInName(const std::string& value) {
  return value == "[]" ? "none" : absl::StrReplaceAll(AssignedValue(value), {{",", "_"}});
}

std::vector<Values> Combinations(const std::vector<Axis>& axes) {
  std::vector<Values> combinations = {{}};
  for (const Axis& axis : axes) {
    std::vector<Values> longer;
    for (const Values& combination : combinations) {
      for (const std::string& value : axis.values) {
        longer.push_back(combination);
        longer.back().emplace_back(axis.field, value);
      }
    }
    combinations = std::move(longer);
  }
  return combinations;
}

absl::Status CheckFields(const std::vector<std::string>& assignments, const std::vector<Axis>& axes) {
  for (const std::string& assignment : assignments) {
    const std::string field(absl::StripAsciiWhitespace(assignment.substr(0, assignment.find('='))));
    if (absl::Status status = CheckField("--set", field); !status.ok()) return status;
    if (std::any_of(axes.begin(), axes.end(), [&](const Axis& axis) { return IsSameField(axis.field, field); }))
      return absl::InvalidArgumentError(
          absl::StrCat(field, " stands in --set and in --grid; leave it to one of the two"));
  }
  for (const Axis& axis : axes) {
    if (absl::Status status = CheckField("--grid", axis.field); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace nmn::sweep
