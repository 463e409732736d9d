#pragma once

#include "common/usage/description.h"

namespace nmn::cli {

// What may stand for TASK, POLICY and the like on the command line of nmn.
usage::Kinds ValueKinds();

}  // namespace nmn::cli
