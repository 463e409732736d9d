#pragma once

#include <filesystem>
#include <string>

#include "tests/support/subprocess.h"

namespace nmn::testing {

// The first Python that has numpy; empty where there is none.
inline std::string PythonWithNumpy() {
  for (const char* python : {"/usr/bin/python3", "/usr/local/bin/python3"}) {
    if (std::filesystem::exists(python) && RunProcess({python, "-c", "import numpy"}).code == 0) return python;
  }
  return "";
}

// The code block of docs/export.md.
inline std::string CodeOfExportPage() {
  const std::string page = ReadFile("docs/export.md");
  const std::string fence = "```python\n";
  const size_t begin = page.find(fence) + fence.size();
  return page.substr(begin, page.find("\n```", begin) + 1 - begin);
}

}  // namespace nmn::testing
