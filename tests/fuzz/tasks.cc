// What tasks of the user's own say: workers in Python, and shared libraries.

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "bridge/plugin_lanes.h"
#include "bridge/plugin_library.h"
#include "bridge/python_task.h"
#include "tests/fuzz/target.h"

namespace nmn::fuzz {
namespace {

constexpr size_t kLanes = 2;
constexpr size_t kMostNumbers = 8;

// The bytes of an input, from the first on; zeros after the last.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

  template <typename Value>
  Value Take() {
    Value value{};
    Fill(&value, sizeof(value));
    return value;
  }
  void Fill(void* to, size_t count) {
    const size_t here = std::min(count, bytes_.size());
    std::memset(to, 0, count);
    std::memcpy(to, bytes_.data(), here);
    bytes_.remove_prefix(here);
  }

 private:
  std::string_view bytes_;
};

// A library whose answers are the rest of the input.
struct FuzzedTask {
  explicit FuzzedTask(std::string_view input) : bytes(input) {
    for (auto* numbers : {&low, &high, &action_low, &action_high})
      bytes.Fill(numbers->data(), numbers->size() * sizeof(float));
    bytes.Fill(choices.data(), choices.size() * sizeof(uint32_t));
    bytes.Fill(name, sizeof(name) - 1);
    const uint8_t which = bytes.Take<uint8_t>();  // of the arrays that may be NULL
    // Sizes of arrays that are there are right; a library that lies about its own memory is beyond what can be checked.
    const uint32_t size = bytes.Take<uint8_t>() % (kMostNumbers + 2),
                   actions = bytes.Take<uint8_t>() % (kMostNumbers + 2);
    const bool fits = size <= kMostNumbers && actions <= kMostNumbers;
    task.spec = {.name = (which & 1) != 0 ? nullptr : name,
                 .version = bytes.Take<uint8_t>(),
                 .horizon = bytes.Take<uint32_t>(),
                 .has_trials = bytes.Take<uint8_t>(),
                 .observation_size = fits ? size : bytes.Take<uint32_t>() | (1u << 24),
                 .observation_low = (which & 2) != 0 ? nullptr : low.data(),
                 .observation_high = (which & 4) != 0 ? nullptr : high.data(),
                 .action_kind = bytes.Take<uint8_t>(),
                 .action_size = fits ? actions : bytes.Take<uint32_t>() | (1u << 24),
                 .action_low = (which & 8) != 0 ? nullptr : action_low.data(),
                 .action_high = (which & 16) != 0 ? nullptr : action_high.data(),
                 .choices = (which & 32) != 0 ? nullptr : choices.data()};
    task.create = [](nmn_create*) -> void* { return current; };
    task.reset = [](void* self, nmn_reset* reset) { return static_cast<FuzzedTask*>(self)->Reset(*reset); };
    task.step = [](void* self, nmn_step* step) { return static_cast<FuzzedTask*>(self)->Step(*step); };
    task.destroy = [](void*) {};
    current = this;
  }

  int Reset(nmn_reset& reset) {
    const int code = bytes.Take<uint8_t>() == 0xff ? 1 : 0;
    for (uint32_t i = 0; i < reset.count; ++i) {
      for (uint32_t k = 0; k < task.spec.observation_size; ++k)
        reset.observation[k * reset.lanes + reset.which[i]] = bytes.Take<float>();
    }
    Fail(code, reset.failed_lane, reset.error);
    return code;
  }
  int Step(nmn_step& step) {
    const int code = bytes.Take<uint8_t>() == 0xff ? 1 : 0;
    bytes.Fill(step.reward, step.lanes * sizeof(float));
    bytes.Fill(step.trial_end, step.lanes);
    bytes.Fill(step.observation, size_t{step.lanes} * task.spec.observation_size * sizeof(float));
    Fail(code, step.failed_lane, step.error);
    return code;
  }
  void Fail(int code, uint32_t& lane, char* error) {
    if (code == 0) return;
    lane = bytes.Take<uint32_t>();
    bytes.Fill(error, NMN_ERROR_SIZE);  // perhaps without an end
  }

  static inline FuzzedTask* current = nullptr;
  Bytes bytes;
  std::vector<float> low = std::vector<float>(kMostNumbers), high = low, action_low = low, action_high = low;
  std::vector<uint32_t> choices = std::vector<uint32_t>(kMostNumbers);
  char name[24] = {};
  nmn_task task = {NMN_TASK_HEADER, {}, nullptr, nullptr, nullptr, nullptr};
};

void Play(const bridge::PluginLibrary& library) {
  const absl::StatusOr<std::unique_ptr<bridge::PluginLanes>> lanes = bridge::PluginLanes::Create(library, 0, kLanes);
  Require(lanes.ok(), "create returned an object");
  const bridge::FoundTask& found = (*lanes)->found();
  const size_t size = found.spec.observation_size();
  std::vector<float> observation(size * kLanes), last(size * kLanes), action(kMostNumbers * kLanes), reward(kLanes),
      trial_end(kLanes);
  const View2 seen(observation.data(), size, kLanes);
  absl::Status status = (*lanes)->Reset({.seed = 1, .update = 1}, seen);
  for (uint32_t t = 0; status.ok() && t < std::min(found.spec.horizon(), 4u); ++t) {
    for (size_t k = 0; k < size; ++k) {
      for (size_t lane = 0; lane < kLanes; ++lane)
        Require(bridge::CheckObserved(found, k, seen(k, lane)).ok(), "what a policy sees is in its bounds");
    }
    const env::StepResult result = {.action = {},
                                    .reward = reward.data(),
                                    .observation = seen,
                                    .trial_end = trial_end.data(),
                                    .final_observation = View2(last.data(), size, kLanes)};
    status = (*lanes)->Step(ConstView2(action.data(), library.task->spec.action_size, kLanes), result);
    if (!status.ok()) continue;
    for (const float r : reward) Require(bridge::CheckReward(r).ok(), "a reward is a number");
    for (const float end : trial_end) Require(end == 0 || found.spec.has_trials(), "trials end where there are some");
  }
  Require(status.ok() || !status.message().empty(), "a failure says why");
}

}  // namespace

void ReadPythonAnswer(std::string_view input) {
  const absl::StatusOr<bridge::FoundTask> found = bridge::ParseFoundTask(input);
  const absl::StatusOr<bridge::WorkerFailure> failure = bridge::ParseWorkerFailure(input);
  Require(found.ok() || !found.status().message().empty(), "a refusal says why");
  if (!found.ok()) return;
  Require(found->low.size() == found->spec.observation_size(), "each number of an observation has bounds");
  const std::vector<float> zeros(found->low.size());
  bridge::CheckObservation(*found, zeros.data()).IgnoreError();
}

void ReadPlugin(std::string_view input) {
  FuzzedTask fuzzed(input);
  absl::StatusOr<bridge::FoundTask> found = bridge::FindTask(fuzzed.task);
  if (!found.ok()) return;
  Play({.file = "plugin.so", .task = &fuzzed.task, .found = *std::move(found)});
}

}  // namespace nmn::fuzz
