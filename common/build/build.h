#pragma once

#include "nmn/v1/learner.pb.h"

namespace nmn::build {

// Of proto/nmn/v1/learner.proto. Raised when an old and a new process can no longer talk.
inline constexpr uint32_t kProtocol = 1;

// "0.1.0", from CMake's project version.
const char* Version();

// Commit of the source this binary was built from, 40 hexadecimal digits, with "-dirty" behind it where tracked files
// were changed; "unknown" outside a git checkout. Found at build time, not at configure time.
const char* Commit();

// The day of that commit, "2026-11-30"; outside a git checkout, the day of the build.
const char* Date();

// What this process is, as actors and learners tell each other. The rounding class is that of the CPU it runs on.
v1::BuildInfo ThisBuild();

}  // namespace nmn::build
