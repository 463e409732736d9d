#pragma once

#include <string>

#include "common/usage/description.h"

namespace nmn::usage {

// A script that completes the program's command line in a shell: verbs, flags, words, files and folders. It holds all
// that it knows, so no program is started while somebody types. bash 4.4, zsh 5.8 and fish 3.3, or newer; none needs a
// package beside the shell.
std::string BashCompletion(const Verb& program);
std::string ZshCompletion(const Verb& program);
std::string FishCompletion(const Verb& program);

}  // namespace nmn::usage
