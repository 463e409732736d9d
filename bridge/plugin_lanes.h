#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bridge/episodes.h"
#include "bridge/plugin_library.h"
#include "bridge/task_lanes.h"

namespace nmn::bridge {

// Episodes of a task in a shared library, all lanes in one object of the library's.
class PluginLanes final : public TaskLanes {
 public:
  // horizon 0: the spec's. FAILED_PRECONDITION: the library makes no object, and why.
  static absl::StatusOr<std::unique_ptr<PluginLanes>> Create(const PluginLibrary& library, uint32_t horizon,
                                                             size_t max_lanes);
  ~PluginLanes() override;
  PluginLanes(const PluginLanes&) = delete;
  PluginLanes& operator=(const PluginLanes&) = delete;

  const FoundTask& found() const override { return found_; }
  absl::Status Reset(const env::BatchKey& key, View2 observation) override;
  absl::Status Step(ConstView2 action, const env::StepResult& result) override;

 private:
  PluginLanes(const PluginLibrary& library, size_t max_lanes);
  absl::Status MakeObject();
  absl::Status ResetLanes();  // those of which_
  absl::Status StepLanes();
  absl::Status CheckTrialEnd(uint8_t trial_end) const;
  absl::Status CheckColumn(size_t lane) const;
  void CopyTo(View2 observation) const;
  // The episodes are lost, and the object with them.
  absl::Status Lost(absl::Status failure);
  std::string Said() const;
  absl::Status Failed(size_t lane, bool in_reset, int code);

  const nmn_task& task_;
  const size_t max_lanes_;
  FoundTask found_;
  Episodes episodes_;
  void* object_ = nullptr;
  // What the library reads and writes, [.., lane] with as many lanes as there are now.
  std::vector<uint32_t> which_, task_seed_, trial_seed_;
  std::vector<float> action_, reward_, observation_;
  std::vector<uint8_t> trial_end_;
  std::vector<char> error_;
};

}  // namespace nmn::bridge
