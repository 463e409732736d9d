#pragma once

#include <string>

namespace nmn::fs {

// The last part of the path of a folder, however it was written: "run" of "runs/run", "runs/run/" and, within it, ".".
// Empty for the root.
std::string NameOf(const std::string& directory);

}  // namespace nmn::fs
