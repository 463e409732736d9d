#include "learner/run/event_log.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/digest/sha256.h"

namespace nmn::run {
namespace {

std::string Of(const char* event, const char* number_name, uint32_t number) {
  return absl::StrCat("{\"event\":\"", event, "\",\"", number_name, "\":", number, "}\n");
}

// An actor's name needs no escapes: [a-z0-9-].
std::string Episodes(uint32_t update, uint32_t first, uint32_t count, const ingest::Actor* actor) {
  return absl::StrCat("\"update\":", update, ",\"first_episode\":", first, ",\"count\":", count, ",\"actor\":\"",
                      actor == nullptr ? "" : actor->id, "\"");
}

const char* EventOf(v1::RejectReason reason) {
  switch (reason) {
    case v1::ACCEPTED:
      return "accepted";
    case v1::DUPLICATE:
      return "duplicate";
    default:
      return "rejected";
  }
}

}  // namespace

void EventLog::OnGranted(const ingest::Actor& actor, const v1::UnitId& unit) {
  Add(absl::StrCat("{\"event\":\"granted\",", Episodes(unit.update(), unit.first_episode(), unit.count(), &actor),
                   "}\n"));
}

void EventLog::OnVerdict(const ingest::Actor* actor, const v1::Trajectory& trajectory, const ingest::Verdict& verdict,
                         uint32_t new_episodes) {
  std::string line =
      absl::StrCat("{\"event\":\"", EventOf(verdict.reason), "\",",
                   Episodes(trajectory.unit().update(), trajectory.first_episode(), trajectory.count(), actor),
                   ",\"generation\":", trajectory.generation());
  if (verdict.accepted())
    absl::StrAppend(&line, ",\"new\":", new_episodes, ",\"sha256\":\"", Hex(trajectory.sha256()), "\"");
  if (!verdict.accepted() && verdict.reason != v1::DUPLICATE)
    absl::StrAppend(&line, ",\"reason\":\"", v1::RejectReason_Name(verdict.reason), "\"");
  Add(line + "}\n");
}

void EventLog::Restored(uint32_t update) { Add(Of("restored", "update", update)); }
void EventLog::Generation(uint32_t generation) { Add(Of("generation", "generation", generation)); }
void EventLog::UpdateBegun(uint32_t update) { Add(Of("update_begun", "update", update)); }
void EventLog::UpdateDone(uint32_t update) { Add(Of("update_done", "update", update)); }
void EventLog::CheckpointSaved(uint32_t update) { Add(Of("checkpoint_saved", "update", update)); }

void EventLog::Add(const std::string& line) {
  MutexLock lock(mutex_);
  pending_ += line;
}

absl::Status EventLog::Flush() {
  std::string lines;
  {
    MutexLock lock(mutex_);
    lines.swap(pending_);
  }
  if (lines.empty()) return absl::OkStatus();
  const absl::Status status = directory_.AppendEvents(lines);
  if (!status.ok()) {
    MutexLock lock(mutex_);
    pending_.insert(0, lines);
  }
  return status;
}

}  // namespace nmn::run
