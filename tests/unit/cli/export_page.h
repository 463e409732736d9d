#pragma once

#include <string>

#include "tests/support/subprocess.h"

namespace nmn::testing {

// The code block of docs/export.md.
inline std::string CodeOfExportPage() {
  const std::string page = ReadFile("docs/export.md");
  const std::string fence = "```python\n";
  const size_t begin = page.find(fence) + fence.size();
  return page.substr(begin, page.find("\n```", begin) + 1 - begin);
}

}  // namespace nmn::testing
