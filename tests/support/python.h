#pragma once

#include <filesystem>
#include <string>

#include "tests/support/subprocess.h"

namespace nmn::testing {

// A Python that has numpy: Debian's, or the system's own. "" where there is none.
inline std::string PythonWithNumpy() {
  for (const char* python : {"/usr/bin/python3", "/usr/local/bin/python3"}) {
    if (std::filesystem::exists(python) && RunProcess({python, "-c", "import numpy"}).code == 0) return python;
  }
  return "";
}

}  // namespace nmn::testing
