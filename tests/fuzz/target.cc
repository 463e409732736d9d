#include "tests/fuzz/target.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>

namespace nmn::fuzz {
namespace {

constexpr std::array kTargets = {
    Target{"address", ReadAddress},
    Target{"assignment", ReadAssignment},
    Target{"certificates", ReadCertificates},
    Target{"checkpoint", ReadCheckpoint, CheckpointPrototype},
    Target{"config", ReadConfig, ConfigPrototype},
    Target{"failpoints", ReadFailpoints},
    Target{"http_request", ReadHttpRequest},
    Target{"plugin", ReadPlugin},
    Target{"policy", ReadPolicy},
    Target{"python_answer", ReadPythonAnswer},
    Target{"run_files", ReadRunFiles},
    Target{"safetensors", ReadSafetensors},
    Target{"session", ReadSession, SessionPrototype},
};

}  // namespace

std::span<const Target> Targets() { return kTargets; }

const Target* FindTarget(std::string_view name) {
  const auto found =
      std::find_if(kTargets.begin(), kTargets.end(), [&](const Target& target) { return target.name == name; });
  return found == kTargets.end() ? nullptr : &*found;
}

void Require(bool holds, std::string_view what) {
  if (holds) return;
  std::cerr << "does not hold: " << what << std::endl;
  std::abort();
}

}  // namespace nmn::fuzz
