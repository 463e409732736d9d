#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

namespace nmn::run {

// The window of the returns that are shown and kept as final (docs/specification.md section 3.12).
inline constexpr uint64_t kRecentEpisodes = 1000;

// What a person watching a run wants to know after each update.
struct UpdateSummary {
  uint32_t update = 0;
  uint32_t budget_updates = 0;
  uint64_t episodes = 0;
  double return_mean = 0;        // of this update's episodes, raw
  double discounted_mean = 0;    // of this update's episodes
  double discounted_recent = 0;  // mean over the last recent_episodes()
  double kl = 0;
  bool reverted = false;
  std::string spread;  // of what the policy chooses: "sd 0.312", or "entropy 1.204" where actions are no numbers
  double explained_variance = 0;
  double steps_per_second = 0;                  // environment steps of this update over its wall time
  double seconds_left = 0;                      // estimate from the updates of this process
  double wall_seconds = 0;                      // of the run, over restarts
  std::optional<double> evaluation_discounted;  // mean of the evaluation after this update, where there was one

  uint64_t recent_episodes() const { return std::min(episodes, kRecentEpisodes); }
};

// Hears what happens in a run. Called from the thread that runs it, in order; must not block for long.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void OnUpdate(const UpdateSummary& summary) = 0;
  // A sentence for the user: started, resumed, checkpoint could not be saved, how to continue.
  virtual void OnNotice(const std::string& sentence) = 0;
};

}  // namespace nmn::run
