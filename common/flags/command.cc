#include "common/flags/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/flags/arguments.h"
#include "common/text/utf8.h"

namespace nmn::flags {
namespace {

constexpr char kPlain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@%+";

bool IsControl(char c) { return (c >= 0 && c < ' ') || c == 0x7f; }

// What a terminal or a log would change on its way to the person: control characters, and bytes that are no UTF-8. The
// shell strips newlines at the end of what printf prints.
bool NeedsPrintf(const std::string& word) {
  return word.back() != '\n' && (std::any_of(word.begin(), word.end(), IsControl) || text::ValidUtf8(word) != word);
}

std::string Printf(const std::string& word) {
  std::string format;
  for (const char c : word) {
    if (IsControl(c) || c < 0 || c == '\'' || c == '\\') {
      absl::StrAppendFormat(&format, "\\%03o", static_cast<unsigned char>(c));
    } else {
      absl::StrAppend(&format, c == '%' ? "%%" : std::string(1, c));
    }
  }
  return absl::StrCat("\"$(printf '", format, "')\"");
}

}  // namespace

std::string ShellQuoted(const std::string& word) {
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  if (!word.empty() && NeedsPrintf(word)) return Printf(word);
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

std::string CalledAs(const std::string& name) {
  const std::filesystem::path called = program_invocation_name;
  return called.has_parent_path() && called.filename() == name ? ShellQuoted(called.string()) : name;
}

std::string CommandAgain(const CLI::App& verb, const std::vector<std::string>& first,
                         const std::vector<std::string>& without) {
  const std::string name_of_verb = NameOf(verb);
  const size_t program = name_of_verb.find(' ');
  std::string command = CalledAs(name_of_verb.substr(0, program));
  if (program != std::string::npos) absl::StrAppend(&command, name_of_verb.substr(program));
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
