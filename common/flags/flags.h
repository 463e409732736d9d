#pragma once

#include <functional>
#include <optional>
#include <string>

#include "common/usage/description.h"

namespace CLI {
class App;
}

namespace nmn::flags {

// Reads a command line into the options of `app`, and of its verbs, and runs the verb that was called. The one door of
// every binary: what an option takes is the same everywhere, whoever adds it.
//
// - A flag --some_flag that the command line does not have is taken from NMN_SOME_FLAG; an empty variable counts as
//   unset. A variable NMN_.. that no binary knows is refused where it is nearly one that is known, else a line on
//   stderr says that it was ignored.
// - Of flags that exclude each other (CLI::Option::excludes) one of the command line counts, and no variable of the
//   others. Two variables of them are refused where neither flag is given.
// - Numbers are decimal (common/text/number.h): --seed=010 is ten, a sign where none belongs and what is out of range
//   are refused.
// - A value is never empty and never the next flag: --run_dir=$UNSET is refused, and so is --run_dir --updates=1.
//   One --flag=VALUE takes one value, and stands once where it does not say that it may be repeated.
// - What is not known (flag, verb) is refused with the name that may have been meant.
// - Of a program with verbs, `help VERB` is VERB --help.
//
// nullopt: go on. Else the program ends here with this exit code: --help or --version was printed on stdout, or one
// line on stderr names the flag and what it takes. No option of an app may keep a name for itself that is longer than
// its flag: each is found by its first long name.
//
// `kinds`: what may stand where a flag says TASK or PRESET, asked only to say which flag a word may have been meant
// for.
// `elsewhere`: what to do for a flag ("--seed") that another program has, "" where there is none.
std::optional<int> Parse(CLI::App& app, int argc, char** argv, const std::function<usage::Kinds()>& kinds = nullptr,
                         const std::function<std::string(const std::string&)>& elsewhere = nullptr);

}  // namespace nmn::flags
