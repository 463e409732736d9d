#pragma once

#include "learner/service/limits.h"

namespace CLI {
class App;
}

namespace nmn::run {

// Adds the flags of what clients of a learner may take, as a group of --help. Their values go into `limits`, whose
// content is the default.
void AddLimitFlags(CLI::App& app, service::Limits& limits);

}  // namespace nmn::run
