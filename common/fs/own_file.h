#pragma once

#include <string>

#include "absl/status/status.h"

namespace nmn::fs {

// Before a file is changed in place: makes sure that nobody else's is changed with it. A link, or a file that has other
// names too (as cp -al and rsync --link-dest make them), is replaced by a copy of its own. OK where there is no file.
// FAILED_PRECONDITION where a directory, a pipe, a socket, a device or a link to nothing stands in its place, which is
// left alone; PERMISSION_DENIED where a link leads in a circle.
absl::Status MakeOwnFile(const std::string& path);

}  // namespace nmn::fs
