#pragma once

#include <cstddef>
#include <string>

#include "common/usage/description.h"

namespace nmn::usage {

// What --help prints of one verb: its operands and flags in their groups, each with what it takes and what stands
// where it is not given, and the verbs below it. Lines are broken at spaces, so that they have at most `width`
// characters (60 at the least); the commands of its footer stay as they are.
std::string HelpText(const Verb& verb, size_t width);

}  // namespace nmn::usage
