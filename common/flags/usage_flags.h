#pragma once

#include <functional>

#include "common/usage/description.h"
#include "common/usage/manual.h"

namespace CLI {
class App;
}

namespace nmn::flags {

// Lets a program print how it is called, for shells and for man(1): --man, and the completion of bash, zsh or fish.
// That is the verb `completion SHELL` where the program has verbs, else --completion=SHELL. Call it when `app` has all
// of its flags; `kinds` is asked only if one of them is given.
void AddUsageFlags(CLI::App& app, usage::Edition edition, std::function<usage::Kinds()> kinds);

}  // namespace nmn::flags
