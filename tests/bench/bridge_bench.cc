// Steps a second of a task in Python through the bridge, without a policy: random choices of a task with two of them.
// Prints one number.
//
//   PYTHONPATH=tests/bench bridge-bench PYTHON package.module:factory WORKERS LANES STEPS
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "bridge/worker_pool.h"
#include "common/rng/philox.h"

namespace nmn::bridge {
namespace {

int Run(const PythonTask& task, size_t lanes, uint32_t steps) {
  const auto pool = WorkerPool::Start(task, lanes);
  if (!pool.ok()) {
    std::fprintf(stderr, "bridge-bench: %s\n", std::string(pool.status().message()).c_str());
    return 42;
  }
  const uint32_t horizon = (*pool)->found().spec.horizon();
  std::vector<float> x((*pool)->found().spec.observation_size() * lanes), action(lanes), reward(lanes), end(lanes);
  const View2 observation(x.data(), (*pool)->found().spec.observation_size(), lanes);
  std::chrono::steady_clock::time_point start;
  const uint32_t warm_up = steps / 10;
  for (uint32_t t = 0; t < warm_up + steps; ++t) {
    if (t == warm_up) start = std::chrono::steady_clock::now();
    absl::Status status;
    if (t % horizon == 0) status = (*pool)->Reset({.seed = 1, .update = t / horizon + 1}, observation);
    for (size_t lane = 0; lane < lanes; ++lane) {
      action[lane] =
          static_cast<float>(rng::Draw({1, 0, static_cast<uint32_t>(lane), t}, rng::Purpose::kScriptedPolicy)[0] & 1);
    }
    if (status.ok()) status = (*pool)->Step({action.data(), 1, lanes}, {{}, reward.data(), observation, end.data()});
    if (!status.ok()) {
      std::fprintf(stderr, "bridge-bench: %s\n", std::string(status.message()).c_str());
      return 42;
    }
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  std::printf("%.0f\n", static_cast<double>(steps) * static_cast<double>(lanes) / elapsed.count());
  return 0;
}

}  // namespace
}  // namespace nmn::bridge

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: bridge-bench PYTHON package.module:factory WORKERS LANES STEPS\n");
    return 42;
  }
  nmn::bridge::PythonTask task;
  task.python = argv[1];
  task.task = argv[2];
  task.workers = static_cast<uint32_t>(std::atoi(argv[3]));
  return nmn::bridge::Run(task, static_cast<size_t>(std::atoi(argv[4])), static_cast<uint32_t>(std::atoi(argv[5])));
}
