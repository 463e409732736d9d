#include "tests/integration/tiny_run.h"

#include <poll.h>

#include <chrono>

namespace nmn::testing {
namespace {
constexpr int kPollMilliseconds = 5;
constexpr std::chrono::seconds kLimit{120};
}  // namespace

bool WaitForUpdate(Subprocess& process, const std::string& directory, int update) {
  const std::string wanted = "\"update\":" + std::to_string(update) + ",";
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  while (std::chrono::steady_clock::now() < deadline) {
    const bool alive = process.running();
    if (ReadFile(directory + "/metrics.jsonl").find(wanted) != std::string::npos) return true;
    if (!alive) return false;
    poll(nullptr, 0, kPollMilliseconds);
  }
  return false;
}

}  // namespace nmn::testing
