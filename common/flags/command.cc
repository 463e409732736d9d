#include "common/flags/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/flags/arguments.h"

namespace nmn::flags {
namespace {

constexpr char kPlain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@%+";

bool IsSwitch(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

}  // namespace

std::string ShellQuoted(const std::string& word) {
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

std::string CommandAgain(const CLI::App& verb, const std::vector<std::string>& first,
                         const std::vector<std::string>& without) {
  std::string command = NameOf(verb);
  for (const std::string& word : first) {
    // The flag's own name needs no quotes: --run_dir='a b', as people write it.
    const size_t equals = word.find('=');
    const size_t value = equals == std::string::npos ? 0 : equals + 1;
    absl::StrAppend(&command, " ", word.substr(0, value), ShellQuoted(word.substr(value)));
  }
  for (const CLI::Option* option : verb.get_options()) {
    if (option->get_lnames().empty() || option->count() == 0) continue;
    const std::string& name = option->get_lnames()[0];
    if (std::find(without.begin(), without.end(), name) != without.end()) continue;
    if (IsSwitch(*option)) {
      if (option->as<bool>()) absl::StrAppend(&command, " --", name);
      continue;
    }
    for (const std::string& value : option->results()) absl::StrAppend(&command, " --", name, "=", ShellQuoted(value));
  }
  return command;
}

}  // namespace nmn::flags
