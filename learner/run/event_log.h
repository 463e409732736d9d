#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "common/sync/mutex.h"
#include "learner/run/run_directory.h"
#include "learner/run/run_events.h"

namespace nmn::run {

// events.jsonl: what a learner did with every unit, one JSON object a line, so that a checker can prove that each
// episode entered the surviving history once (docs/reliability.md has the format and its rules). Written where a run is
// started with it; cut back on resume like the other growing files.
//
// Events are kept in memory until Flush: the core's are told under the service's lock, which is no place to wait for a
// disk. What a kill loses is what came after the last checkpoint, which is void anyway. Thread-safe.
class EventLog : public RunEvents {
 public:
  explicit EventLog(RunDirectory& directory) : directory_(directory) {}

  void OnGranted(const ingest::Actor& actor, const v1::UnitId& unit) override;
  void OnVerdict(const ingest::Actor* actor, const v1::Trajectory& trajectory, const ingest::Verdict& verdict,
                 uint32_t new_episodes) override;

  void Restored(uint32_t update) override;
  void Generation(uint32_t generation) override;
  void UpdateBegun(uint32_t update) override;
  void UpdateDone(uint32_t update) override;
  void CheckpointSaved(uint32_t update) override;

  // Appends what was told since the last time to the file. After an error it is kept for the next time.
  absl::Status Flush() override;

 private:
  void Add(const std::string& line);

  RunDirectory& directory_;
  Mutex mutex_;
  std::string pending_ NMN_GUARDED_BY(mutex_);
};

}  // namespace nmn::run
