#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "learner/ingest/event_sink.h"

namespace nmn::run {

// Hears what becomes of a run and of its units. This one does nothing with it; event_log.h writes it down.
class RunEvents : public ingest::EventSink {
 public:
  void OnGranted(const ingest::Actor&, const v1::UnitId&) override {}
  void OnVerdict(const ingest::Actor*, const v1::Trajectory&, const ingest::Verdict&, uint32_t) override {}

  virtual void Restored(uint32_t update) {}        // from the checkpoint of that update
  virtual void Generation(uint32_t generation) {}  // begins; what was accepted and not trained on before is void
  virtual void UpdateBegun(uint32_t update) {}     // all its episodes are there
  virtual void UpdateDone(uint32_t update) {}
  virtual void CheckpointSaved(uint32_t update) {}

  // Puts what was told since the last time where it is kept.
  virtual absl::Status Flush() { return absl::OkStatus(); }
};

}  // namespace nmn::run
