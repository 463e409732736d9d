#pragma once

#include <string>

#include "common/usage/description.h"

namespace nmn::usage {

// Which program a manual page is of.
struct Edition {
  std::string version;  // "0.1.0"
  std::string date;     // "2026-11-30"
};

// The manual page of section 1, in the macros of man(7): the program and all of its verbs.
std::string ManualPage(const Verb& program, const Edition& edition);

}  // namespace nmn::usage
