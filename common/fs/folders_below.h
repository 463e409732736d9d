#pragma once

#include <string>

namespace nmn::fs {

// "; below it there are runs/a, runs/b and 3 more": the folders of `directory` that have `file`, the newest first. For
// whoever named the folder around what they meant. "" where there is none.
std::string FoldersBelow(const std::string& directory, const std::string& file);

}  // namespace nmn::fs
