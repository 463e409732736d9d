#include "common/flags/arguments.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/text/number.h"
#include "common/text/suggestion.h"

namespace nmn::flags {
namespace {

absl::Status Refused(const std::string& origin, const std::string& value, const std::string& rule) {
  return absl::InvalidArgumentError(absl::StrCat(origin, "=", value, ": it must be ", rule));
}

// What an option of this type takes; empty where it is no number.
std::string RuleOf(const CLI::Option& option) {
  const std::string type = TypeOf(option), range = RangeOf(option);
  const std::string from = range.empty() ? "" : absl::StrCat(" from ", range);
  if (type == "UINT") return absl::StrCat("a whole number", from.empty() ? " from 0 to 18446744073709551615" : from);
  if (type == "INT") return absl::StrCat("a whole number", from);
  return type == "FLOAT" ? absl::StrCat("a decimal number", from) : "";
}

bool IsNumber(const std::string& type, const std::string& value) {
  if (type == "UINT") return text::ReadWhole(value).has_value();
  return type == "INT" ? text::ReadInteger(value).has_value() : text::ReadDecimal(value).has_value();
}

// "1 to 1024" of a number that is checked.
bool InRange(const std::string& range, const std::string& value) {
  const std::vector<std::string> ends = absl::StrSplit(range, " to ");
  if (ends.size() != 2) return true;
  const double number = text::ReadDecimal(value).value_or(0);
  return number >= text::ReadDecimal(ends[0]).value_or(number) && number <= text::ReadDecimal(ends[1]).value_or(number);
}

absl::Status CheckNumber(const CLI::Option& option, const std::string& origin, const std::string& value) {
  const std::string rule = RuleOf(option);
  if (rule.empty() || (IsNumber(TypeOf(option), value) && InRange(RangeOf(option), value))) return absl::OkStatus();
  return Refused(origin, value, rule);
}

bool IsOperand(const CLI::Option* option) { return option->get_positional(); }

// The flags of a verb, with their dashes.
std::vector<std::string> FlagsOf(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back(absl::StrCat("--", name));
  }
  return names;
}

std::vector<CLI::App*> VerbsOf(CLI::App& app) {
  return app.get_subcommands([](CLI::App*) { return true; });
}

CLI::App* FindVerb(CLI::App& app, const std::string& name) {
  for (CLI::App* verb : VerbsOf(app)) {
    if (verb->get_name() == name) return verb;
  }
  return nullptr;
}

// What may have been meant by a flag that the verb has not: "; did you mean ..?", or what to do; "" where nothing is
// like it.
std::string Meant(const Called& called, const std::vector<std::string>& arguments, size_t place) {
  const CLI::App& verb = *called.verb;
  const std::string& argument = arguments[place];
  const size_t equals = argument.find('=');
  const std::string name = argument.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : argument.substr(equals + 1);
  const std::string said = called.elsewhere ? called.elsewhere(name) : "";
  if (!said.empty()) return absl::StrCat("; ", said);
  const std::string word = name.substr(name.find_first_not_of('-'));
  if (absl::StrContains(word, '.') && verb.get_option_no_throw("--set") != nullptr)
    return absl::StrCat("; did you mean --set ", word, "=", value.empty() ? "VALUE" : value, "?");
  const std::vector<std::string> verbs = VerbNames(verb);
  if (std::find(verbs.begin(), verbs.end(), word) != verbs.end())
    return absl::StrCat("; did you mean ", NameOf(verb), " ", word, "?");
  const std::string near =
      text::DidYouMean(absl::StartsWith(name, "--") ? name : absl::StrCat("-", name), FlagsOf(verb));
  // What else the command line has: "nmn --task=b1 train", and an operand that is there already.
  bool has_operand = !called.operands.empty();
  for (size_t i = place + 1; i < arguments.size(); ++i) {
    if (std::find(verbs.begin(), verbs.end(), arguments[i]) != verbs.end())
      return absl::StrCat("; flags stand behind the verb: did you mean ", NameOf(verb), " ", arguments[i], " ",
                          argument, "?");
    has_operand = has_operand || !absl::StartsWith(arguments[i], "-");
  }
  const std::vector<const CLI::Option*> operands = verb.get_options(IsOperand);
  if (!near.empty() || operands.empty() || value.empty() || has_operand) return near;
  return absl::StrCat("; what stands without a flag is ", operands[0]->get_name(), ": did you mean ", NameOf(verb), " ",
                      value, "?");
}

absl::Status UnknownFlag(const Called& called, const std::vector<std::string>& arguments, size_t place) {
  return absl::InvalidArgumentError(absl::StrCat("unknown flag ", arguments[place], Meant(called, arguments, place)));
}

absl::Status UnknownVerb(const CLI::App& app, const std::string& argument) {
  return absl::InvalidArgumentError(
      absl::StrCat("unknown verb ", argument, text::Suggestion(argument, VerbNames(app), "the verbs")));
}

// One --flag of the verb, whose value may be the next argument; `i` moves over what it takes.
absl::Status TakeFlag(const std::vector<std::string>& arguments, size_t& i, Called& called) {
  const CLI::App& verb = *called.verb;
  const std::string& argument = arguments[i];
  const size_t equals = argument.find('=');
  const std::string flag = argument.substr(0, equals);
  const CLI::Option* option = verb.get_option_no_throw(flag);
  if (option == nullptr) return UnknownFlag(called, arguments, i);
  const std::string& name = option->get_lnames()[0];
  if (IsQuestion(name)) called.help = true;
  if (IsSwitch(*option)) {
    if (equals != std::string::npos) {
      if (absl::Status status = CheckValue(*option, flag, argument.substr(equals + 1)); !status.ok()) return status;
    }
    called.given[name] = "";
    return absl::OkStatus();
  }
  std::string value;
  if (equals != std::string::npos) {
    value = argument.substr(equals + 1);
    if (value.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(flag, "= has no value; give one, or leave the flag out (is a variable of the shell unset?)"));
    }
  } else {
    if (i + 1 == arguments.size()) return absl::InvalidArgumentError(absl::StrCat(flag, " has no value"));
    value = arguments[++i];
    if (value.empty() || absl::StartsWith(value, "--")) {
      return absl::InvalidArgumentError(
          absl::StrCat(flag, " has no value", value.empty() ? "" : absl::StrCat(": ", value, " is the next flag"),
                       "; write ", flag, "=VALUE"));
    }
  }
  if (called.given.count(name) != 0 && !MayBeRepeated(*option)) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, " is given twice: ", called.given[name], " and ", value, "; give it once"));
  }
  called.given[name] = value;
  return CheckValue(*option, flag, value);
}

}  // namespace

std::string TypeOf(const CLI::Option& option) {
  const std::string name = option.get_type_name();
  return name.substr(0, name.find(':'));
}

std::string RangeOf(const CLI::Option& option) {
  const std::string name = option.get_type_name();
  const size_t in = name.find(" in [");
  return in == std::string::npos ? ""
                                 : absl::StrReplaceAll(name.substr(in + 4), {{"[", ""}, {"]", ""}, {" - ", " to "}});
}

bool IsSwitch(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

bool MayBeRepeated(const CLI::Option& option) {
  return IsSwitch(option) || option.get_expected_max() > 1 ||
         option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
}

bool IsQuestion(const std::string& name) {
  return name == "help" || name == "version" || name == "man" || name == "completion";
}

absl::Status CheckValue(const CLI::Option& option, const std::string& origin, const std::string& value) {
  // bash leaves the ~ of --run_dir=~/x as it is.
  if (value == "~" || absl::StartsWith(value, "~/")) {
    return Refused(origin, value,
                   absl::StrCat("written without ~, which the shell has not replaced; write $HOME", value.substr(1),
                                ", or ./~ for a folder of that name"));
  }
  if (IsSwitch(option)) {
    static const std::vector<std::string> legal = {"true", "false", "1", "0", "yes", "no", "on", "off"};
    if (std::find(legal.begin(), legal.end(), value) == legal.end())
      return Refused(origin, value, "true or false: it is a switch, which takes no other value");
    return absl::OkStatus();
  }
  if (option.get_delimiter() == '\0') return CheckNumber(option, origin, value);
  for (const absl::string_view part : absl::StrSplit(value, option.get_delimiter())) {
    if (part.empty()) {
      return Refused(origin, value,
                     absl::StrCat("a list with one '", std::string(1, option.get_delimiter()),
                                  "' between its parts, and no part empty"));
    }
    if (absl::Status status = CheckNumber(option, origin, std::string(part)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

std::vector<std::string> VerbNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(verb->get_name());
  return names;
}

std::string NameOf(const CLI::App& verb) {
  const CLI::App* parent = verb.get_parent();
  return parent == nullptr ? verb.get_name() : absl::StrCat(NameOf(*parent), " ", verb.get_name());
}

void ReadStrictly(CLI::Option& option) {
  const std::string type = TypeOf(option);
  if (type != "UINT" && type != "INT") return;
  // The number, or the text as it is if it is not a number: CheckValue has refused that, or CLI11 will.
  option.transform([](std::string value) {
    const std::optional<int64_t> integer = text::ReadInteger(value);
    if (integer) return absl::StrCat(*integer);
    const std::optional<uint64_t> whole = text::ReadWhole(value);
    return whole ? absl::StrCat(*whole) : value;
  });
}

absl::Status Walk(CLI::App& app, const std::vector<std::string>& arguments, Called& called) {
  called.verb = &app;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    // What follows it CLI11 would lose without a word.
    if (argument == "--")
      return absl::InvalidArgumentError("\"--\" is not taken; write ./-name for a name that begins with -");
    if (argument.empty())
      return absl::InvalidArgumentError("an argument is empty; leave it out (is a variable of the shell unset?)");
    if (absl::StartsWith(argument, "--")) {
      if (absl::Status status = TakeFlag(arguments, i, called); !status.ok()) return status;
      continue;
    }
    if (argument == "-h") {
      called.help = true;
      continue;
    }
    if (argument.size() > 1 && argument[0] == '-') return UnknownFlag(called, arguments, i);
    if (CLI::App* verb = FindVerb(*called.verb, argument); verb != nullptr) {
      if (!called.operands.empty()) {
        return absl::InvalidArgumentError(absl::StrCat("the verb comes first; did you mean ", NameOf(*verb), " ",
                                                       arguments[called.operands[0]], "?"));
      }
      called.verb = verb;
    } else if (!VerbsOf(*called.verb).empty() && called.verb->get_options(IsOperand).empty()) {
      return UnknownVerb(*called.verb, argument);
    } else {
      called.operands.push_back(i);
    }
  }
  return absl::OkStatus();
}

}  // namespace nmn::flags
