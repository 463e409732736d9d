#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace nmn::flags {

// What a command line calls, found before CLI11 reads it.
struct Called {
  CLI::App* verb = nullptr;                  // the innermost that was named; the program itself where none was
  std::map<std::string, std::string> given;  // a flag's first name without its dashes -> its last value
  bool help = false;                         // -h or a question (IsQuestion) stands there
  std::vector<size_t> operands;              // places of those that are neither flags, values of flags nor verbs
  // What to do for a flag that the program has not ("--seed") and another has; "" where it knows nothing of it.
  std::function<std::string(const std::string&)> elsewhere;
};

// Walks `arguments` (without the program's name) as CLI11 will, and refuses what CLI11 would take in silence or say
// badly: unknown flags and verbs, values that are missing, empty or the next flag, repetitions, and numbers as
// CheckValue does.
absl::Status Walk(CLI::App& app, const std::vector<std::string>& arguments, Called& called);

// Whether `option` takes `value`, which came from `origin` ("--seed" or "NMN_SEED"): numbers are decimal, in what range
// the option says; a switch takes true or false.
absl::Status CheckValue(const CLI::Option& option, const std::string& origin, const std::string& value);

// What CLI11 calls the type of an option, "UINT"; the words of its validators are left out.
std::string TypeOf(const CLI::Option& option);

// "1 to 1024" of a number that is checked; empty if the option has no range.
std::string RangeOf(const CLI::Option& option);

bool IsSwitch(const CLI::Option& option);
bool MayBeRepeated(const CLI::Option& option);

// Whether a flag of this name asks the program about itself (--help, --man): it sets nothing, so no variable stands for
// it, and what the environment says of the others does not matter.
bool IsQuestion(const std::string& name);

// Of the verbs that `app` has, as they were added.
std::vector<std::string> VerbNames(const CLI::App& app);
// "nmn sweep status"
std::string NameOf(const CLI::App& verb);

// Makes the option read numbers as CheckValue checks them, so that CLI11 takes "010" for ten.
void ReadStrictly(CLI::Option& option);

}  // namespace nmn::flags
