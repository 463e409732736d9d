#pragma once

#include "common/usage/description.h"

namespace CLI {
class App;
}

namespace nmn::flags {

// What `app` and its verbs take, in the order of --help and without what --help hides. The name of a value is the type
// of its option (CLI::Option::type_name), an operand's is its own. What a check of the option names (CLI::IsMember,
// CLI::Range) is read from it; what else may stand there is what `kinds` has under that name.
usage::Verb Describe(const CLI::App& app, const usage::Kinds& kinds);

}  // namespace nmn::flags
