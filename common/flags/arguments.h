#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace nmn::flags {

// What a command line calls, found before CLI11 reads it.
struct Called {
  CLI::App* verb = nullptr;                  // the innermost that was named; the program itself where none was
  std::map<std::string, std::string> given;  // a flag's first name without its dashes -> its last value
  bool help = false;                         // --help, -h or --version stands there
  std::vector<size_t> operands;              // places of those that are neither flags, values of flags nor verbs
};

// Walks `arguments` (without the program's name) as CLI11 will, and refuses what CLI11 would take in silence or say
// badly: unknown flags and verbs, values that are missing, empty or the next flag, repetitions, and numbers as
// CheckValue does.
absl::Status Walk(CLI::App& app, const std::vector<std::string>& arguments, Called& called);

// Whether `option` takes `value`, which came from `origin` ("--seed" or "NMN_SEED"): numbers are decimal, in what range
// the option says; a switch takes true or false.
absl::Status CheckValue(const CLI::Option& option, const std::string& origin, const std::string& value);

// "nmn sweep status"
std::string NameOf(const CLI::App& verb);

// Makes the option read numbers as CheckValue checks them, so that CLI11 takes "010" for ten.
void ReadStrictly(CLI::Option& option);

}  // namespace nmn::flags
