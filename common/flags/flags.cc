#include "common/flags/flags.h"

#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/exit_code/exit_code.h"
#include "common/flags/arguments.h"
#include "common/flags/describe.h"
#include "common/flags/environment.h"
#include "common/terminal/terminal.h"
#include "common/text/number.h"
#include "common/text/one_line.h"
#include "common/text/suggestion.h"
#include "common/usage/help.h"

namespace nmn::flags {
namespace {

// Of what is no terminal, and the most that a person reads with ease.
constexpr size_t kUsualColumns = 100, kMostColumns = 120;

bool IsFlag(const CLI::Option& option) { return !option.get_lnames().empty() && !IsQuestion(option.get_lnames()[0]); }

// CLI11 takes "[a,b]" for the list of a and b wherever several values may stand. A name in brackets is a name: it gets
// this before it on its way through CLI11.
constexpr char kName = '\x01';

std::string WithoutMark(std::string name) { return !name.empty() && name[0] == kName ? name.substr(1) : name; }

// The variable that a flag is read from: that of its first name, or of a synonym where the environment has that alone.
std::string VariableOf(const CLI::Option& option) {
  for (const std::string& name : option.get_lnames()) {
    const char* value = std::getenv(flags::VariableOf(name).c_str());
    if (value != nullptr && *value != '\0') return flags::VariableOf(name);
  }
  return flags::VariableOf(option.get_lnames()[0]);
}

void Prepare(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    ReadStrictly(*option);
    if (option->get_positional()) option->transform(WithoutMark);
    if (!IsFlag(*option)) continue;
    // One flag, one value: "--set a=1 DIR" leaves DIR alone.
    if (option->get_items_expected_max() > 0) option->allow_extra_args(false);
  }
  for (CLI::App* verb : app.get_subcommands([](CLI::App*) { return true; })) Prepare(*verb);
}

// CLI11 would read and check the variables of all verbs: those of the one that was called count.
void NameVariables(CLI::App& app, const CLI::App& called) {
  for (CLI::Option* option : app.get_options()) {
    if (IsFlag(*option)) option->envname(&app == &called ? VariableOf(*option) : "");
  }
  for (CLI::App* verb : app.get_subcommands([](CLI::App*) { return true; })) NameVariables(*verb, called);
}

// Whether the environment gives a flag; a switch that it turns off is not given.
bool InEnvironment(const CLI::Option& option) {
  const char* variable = option.get_envname().empty() ? nullptr : std::getenv(option.get_envname().c_str());
  const std::string value = variable == nullptr ? "" : variable;
  const bool off = IsSwitch(option) && (value == "false" || value == "0" || value == "no" || value == "off");
  return !value.empty() && !off;
}

// Of flags that exclude each other, one of the command line silences what the environment says of the others. Two of
// the environment are refused here. Whether two of the command line contradict each other is theirs to say, in words of
// their own.
absl::Status SettleExclusions(const Called& called) {
  const auto given = [&](const CLI::Option* option) { return called.given.count(option->get_lnames()[0]) != 0; };
  const std::vector<CLI::Option*> options = called.verb->get_options([](CLI::Option*) { return true; });
  for (CLI::Option* option : options) {
    for (const CLI::Option* other : option->get_excludes()) {
      if (given(other) && !given(option)) option->envname("");
    }
  }
  absl::Status status;
  for (CLI::Option* option : options) {
    for (CLI::Option* other : option->get_excludes()) {
      if (!given(option) && !given(other) && InEnvironment(*option) && InEnvironment(*other)) {
        status.Update(absl::InvalidArgumentError(absl::StrCat("the environment has ", option->get_envname(), " and ",
                                                              other->get_envname(),
                                                              ", which exclude each other; unset one of them")));
      }
      option->remove_excludes(other);
    }
  }
  return status;
}

int Refuse(const std::string& called, std::string message) {
  std::erase(message, kName);
  const bool question = absl::EndsWith(message, "?");
  std::cerr << called << ": " << text::OneLine(message) << (question ? " See " : "; see ") << called << " --help\n";
  return kExitPermanent;
}

// CLI11's words for what was given. CLI11 itself names the flag even if the value came from the environment.
std::string MessageOf(const CLI::ParseError& error, const Called& called) {
  const std::string message = error.what();
  const std::vector<const CLI::App*> verbs =
      std::as_const(*called.verb).get_subcommands([](const CLI::App*) { return true; });
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && called.verb->get_require_subcommand_min() > 0) {
    return absl::StrCat("a verb is missing: ", absl::StrJoin(verbs, ", ", [](std::string* out, const CLI::App* verb) {
                          absl::StrAppend(out, verb->get_name());
                        }));
  }
  for (const CLI::Option* option : called.verb->get_options()) {
    if (!IsFlag(*option) || option->count() == 0) continue;
    const std::string flag = absl::StrCat("--", option->get_lnames()[0]);
    if (!absl::StartsWith(message, absl::StrCat(flag, ":")) && !absl::StrContains(message, absl::StrCat(flag, " =")))
      continue;
    const std::string& name = option->get_lnames()[0];
    const std::string origin = called.given.count(name) != 0 ? flag : option->get_envname();
    if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr)
      return absl::StrCat(origin, "=", option->results().back(), " is too large");
    // "--engine: slrum not in {local,slurm}"
    const std::string in = " not in {";
    if (const size_t set = message.find(in), value = flag.size() + 2; set != std::string::npos && value < set) {
      const std::string given = message.substr(value, set - value);
      const std::vector<std::string> legal =
          absl::StrSplit(message.substr(set + in.size(), message.find('}', set) - set - in.size()), ',');
      return absl::StrCat(origin, "=", given, ": it must be one of ", absl::StrJoin(legal, ", "),
                          text::DidYouMean(given, legal));
    }
    return absl::StrCat(origin, message.substr(flag.size()));
  }
  return message;
}

// "host:port"
bool IsAddress(const std::string& word) {
  const size_t colon = word.rfind(':');
  return colon != std::string::npos && colon > 0 && text::ReadWhole(word.substr(colon + 1)).has_value();
}

// "package.module:factory", as a task in Python is named.
bool IsFactory(const std::string& word) {
  const size_t colon = word.find(':');
  return colon != std::string::npos && colon > 0 && colon + 1 < word.size() && !IsAddress(word) &&
         word.find('/') == std::string::npos;
}

// "nmn analyse takes one POLICY, and "; "" of a verb without operands.
std::string Takes(const CLI::App& verb, const std::vector<const CLI::Option*>& operands) {
  if (operands.empty()) return "";
  return absl::StrCat(
      NameOf(verb), " takes one ",
      absl::StrJoin(operands, " and one ",
                    [](std::string* out, const CLI::Option* operand) { absl::StrAppend(out, operand->get_name()); }),
      ", and ");
}

// Refuses the first word that is more than the verb takes.
absl::Status CheckOperands(const std::vector<std::string>& arguments, const Called& called,
                           const std::function<usage::Kinds()>& kinds) {
  const std::vector<const CLI::Option*> taken =
      std::as_const(*called.verb).get_options([](const CLI::Option* option) { return option->get_positional(); });
  const bool any = std::any_of(taken.begin(), taken.end(), [](const auto* option) { return MayBeRepeated(*option); });
  if (any || called.operands.size() <= taken.size()) return absl::OkStatus();
  const std::string& word = arguments[called.operands[taken.size()]];
  std::vector<std::string> meant;
  struct stat info {};
  const bool is_folder = ::stat(word.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  const bool is_address = IsAddress(word);
  const usage::Verb described = Describe(*called.verb, kinds ? kinds() : usage::Kinds());
  for (const usage::Flag& flag : described.flags) {
    const std::vector<std::string>& words = flag.value.words;
    // What is played, what a run's directory is and where its learner is are flags here and operands of other verbs.
    if (std::find(words.begin(), words.end(), word) != words.end() || flag.names[0] == "--policy" ||
        (IsFactory(word) && flag.names[0] == "--task_python") || (is_folder && flag.names[0] == "--run_dir") ||
        (is_address && meant.empty() && flag.value.name == "ADDRESS"))
      meant.push_back(absl::StrCat(flag.names[0], "=", word));
  }
  for (const usage::Flag& flag : described.flags) {
    const std::vector<std::string> near = text::Near(word, flag.value.words);
    if (meant.empty() && !near.empty()) meant.push_back(absl::StrCat(flag.names[0], "=", near[0]));
  }
  // A verb that takes both an operand and verbs took the misspelt one for the operand.
  const std::vector<std::string> near = text::Near(arguments[called.operands[0]], VerbNames(*called.verb));
  if (meant.empty() && !near.empty()) meant.push_back(absl::StrCat(NameOf(*called.verb), " ", near[0], " ", word));
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", word, "\" is not expected here", taken.empty() ? "" : " any more", "; ",
      meant.empty() ? absl::StrCat(Takes(*called.verb, taken), "a value stands behind its flag, as in --flag=value")
                    : absl::StrCat("did you mean ", absl::StrJoin(meant, " or "), "?")));
}

// `nmn help train` asks what `nmn train --help` asks.
void HelpVerb(CLI::App& app, std::vector<std::string>& arguments) {
  if (app.get_subcommands([](CLI::App*) { return true; }).empty()) return;
  if (arguments.empty() || arguments[0] != "help") return;
  arguments.erase(arguments.begin());
  arguments.push_back("--help");
}

}  // namespace

std::optional<int> Parse(CLI::App& app, int argc, char** argv, const std::function<usage::Kinds()>& kinds,
                         const std::function<std::string(const std::string&)>& elsewhere) {
  Prepare(app);
  Called called;
  called.elsewhere = elsewhere;
  std::vector<std::string> arguments(argv + 1, argv + argc);
  HelpVerb(app, arguments);
  if (absl::Status status = Walk(app, arguments, called); !status.ok())
    return Refuse(NameOf(*called.verb), std::string(status.message()));
  if (absl::Status status = CheckOperands(arguments, called, kinds); !called.help && !status.ok())
    return Refuse(NameOf(*called.verb), std::string(status.message()));
  NameVariables(app, *called.verb);
  const absl::Status exclusions = SettleExclusions(called);
  if (!called.help) {
    if (!exclusions.ok()) return Refuse(NameOf(*called.verb), std::string(exclusions.message()));
    if (absl::Status status = CheckEnvironment(called); !status.ok())
      return Refuse(NameOf(*called.verb), std::string(status.message()));
    std::vector<std::string> ignored;
    if (absl::Status status = FindUnknownVariables(app, VariableNames(), ignored); !status.ok())
      return Refuse(NameOf(*called.verb), std::string(status.message()));
    for (const std::string& name : ignored)
      std::cerr << app.get_name() << ": the environment has " << name << ", which nothing reads; it is ignored\n";
    for (const std::string& line : NearlyRead(called)) std::cerr << NameOf(*called.verb) << ": " << line << "\n";
  }
  try {
    for (const size_t place : called.operands) {
      if (arguments[place].starts_with('[')) arguments[place].insert(0, 1, kName);
    }
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    if (dynamic_cast<const CLI::CallForHelp*>(&error) != nullptr) {
      const size_t columns = terminal::Columns(STDOUT_FILENO).value_or(kUsualColumns);
      std::cout << usage::HelpText(Describe(*called.verb, {}), std::min(columns, kMostColumns));
      return kExitDone;
    }
    if (error.get_exit_code() == 0) return app.exit(error);
    return Refuse(NameOf(*called.verb), MessageOf(error, called));
  }
  return std::nullopt;
}

}  // namespace nmn::flags
