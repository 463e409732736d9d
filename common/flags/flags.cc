#include "common/flags/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/exit_code/exit_code.h"
#include "common/flags/arguments.h"
#include "common/flags/environment.h"

namespace nmn::flags {
namespace {

bool IsFlag(const CLI::Option& option) {
  return !option.get_lnames().empty() && option.get_lnames()[0] != "help" && option.get_lnames()[0] != "version";
}

void Prepare(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    ReadStrictly(*option);
    if (!IsFlag(*option)) continue;
    option->envname(VariableOf(option->get_lnames()[0]));
    // One flag, one value: "--set a=1 DIR" leaves DIR alone.
    if (option->get_items_expected_max() > 0) option->allow_extra_args(false);
  }
  for (CLI::App* verb : app.get_subcommands([](CLI::App*) { return true; })) Prepare(*verb);
}

int Refuse(const std::string& called, std::string message) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  const bool question = absl::EndsWith(message, "?");
  std::cerr << called << ": " << message << (question ? " See " : "; see ") << called << " --help\n";
  return kExitPermanent;
}

// CLI11's words for what was given; its own say the flag where the value came from the environment.
std::string MessageOf(const CLI::ParseError& error, const Called& called) {
  const std::string message = error.what();
  for (const CLI::Option* option : called.verb->get_options()) {
    if (!IsFlag(*option) || option->count() == 0) continue;
    const std::string flag = absl::StrCat("--", option->get_lnames()[0]);
    if (!absl::StartsWith(message, absl::StrCat(flag, ":")) && !absl::StrContains(message, absl::StrCat(flag, " =")))
      continue;
    const std::string& name = option->get_lnames()[0];
    const std::string origin = called.given.count(name) != 0 ? flag : option->get_envname();
    if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr)
      return absl::StrCat(origin, "=", option->results().back(), " is too large");
    return absl::StrCat(origin, message.substr(flag.size()));
  }
  return message;
}

}  // namespace

std::optional<int> Parse(CLI::App& app, int argc, char** argv) {
  Prepare(app);
  Called called;
  if (absl::Status status = Walk(app, std::vector<std::string>(argv + 1, argv + argc), called); !status.ok())
    return Refuse(NameOf(*called.verb), std::string(status.message()));
  if (!called.help) {
    if (absl::Status status = CheckEnvironment(called); !status.ok())
      return Refuse(NameOf(*called.verb), std::string(status.message()));
    std::vector<std::string> ignored;
    if (absl::Status status = FindUnknownVariables(app, VariableNames(), ignored); !status.ok())
      return Refuse(NameOf(*called.verb), std::string(status.message()));
    for (const std::string& name : ignored)
      std::cerr << app.get_name() << ": the environment has " << name << ", which nothing reads; it is ignored\n";
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return Refuse(NameOf(*called.verb), MessageOf(error, called));
  }
  return std::nullopt;
}

}  // namespace nmn::flags
